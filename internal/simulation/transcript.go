package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// line is one thing that happened.
type line struct {
	at   time.Time
	who  string
	text string
}

// say adds a line to the transcript.
func (w *world) say(who, text string, args ...any) {
	w.transcript = append(w.transcript, line{w.env.Now(), who, fmt.Sprintf(text, args...)})
}

// text is the transcript as people read it.
func (w *world) text() string {
	var b strings.Builder
	zone := w.train.Location()
	for i := 0; i < len(w.transcript); i++ {
		l, more := w.transcript[i], 0
		for i+1 < len(w.transcript) && w.transcript[i+1].who == l.who && w.transcript[i+1].text == l.text {
			i, more = i+1, more+1
		}
		if more > 0 {
			l.text += fmt.Sprintf(" (and %d times more until %s)", more, w.transcript[i].at.In(zone).Format("Mon 15:04:05"))
		}
		fmt.Fprintf(&b, "%s  %-9s %s\n", l.at.In(zone).Format("Mon 15:04:05.000"), l.who, train.Clip(l.text, longestLine))
	}
	return b.String()
}

const longestLine = 300

func continuesAsNew(err error) bool {
	var again *workflow.ContinueAsNewError
	return errors.As(err, &again)
}

// outcome says how an execution ended.
func outcome(result any) string {
	switch r := result.(type) {
	case train.Summary:
		return fmt.Sprintf(" as %s: %s", r.End, r.Why)
	case train.Deploy:
		return fmt.Sprintf(" as %s: %s", r.Outcome, r.Cause)
	case train.DepartureResult:
		return ": " + r.Sentence
	}
	return ""
}
