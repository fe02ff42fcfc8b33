package main

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests run beside each other than there are processors:
// each waits most of the time, for its own server.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
