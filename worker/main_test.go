package main

import (
	"flag"
	"os"
	"testing"
)

// built is where programs are that the tests build once.
var built string

// TestMain lets more tests run beside each other than there are processors:
// each waits most of the time, for its own server.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	var err error
	if built, err = os.MkdirTemp("", "release-train-worker-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}
