package words

import (
	"fmt"
	"time"

	"github.com/release-train/release-train/internal/rules"
)

// MissingAtGate are sentences on all that keeps the gate closed but time.
func MissingAtGate(g rules.Gate, zone *time.Location) []string {
	out := Blockers(g.Blocked)
	for _, h := range g.Held {
		out = append(out, fmt.Sprintf("the hold %s stands: %s", h.Kind, holdLine(h, Plain, zone)))
	}
	return out
}

// Blockers say what keeps the gate closed until a person decides.
func Blockers(blocked []rules.Blocker) []string {
	var out []string
	for _, b := range blocked {
		out = append(out, blockerSentence(b))
	}
	return out
}

// WindowClosed says that it is too late for the gate to open by itself.
func WindowClosed(closed time.Time, zone *time.Location) string {
	return "the window closed " + When(closed, zone)
}

func blockerSentence(b rules.Blocker) string {
	switch b.Code {
	case rules.BlockedMarkedBad:
		return fmt.Sprintf("%s was marked bad: %s", b.Tag, b.Why)
	case rules.BlockedNotOnStaging:
		return b.Tag + " is not on staging"
	case rules.BlockedE2ENotRun:
		return "E2E has not run"
	case rules.BlockedE2ERed:
		return "E2E is red: " + b.Why
	case rules.BlockedE2EOverdue:
		return "E2E is overdue: it had not ended by its deadline"
	case rules.BlockedE2ECouldNotRun:
		return "E2E could not run: " + b.Why
	case rules.BlockedE2EVoid:
		return "E2E is void: " + b.Why
	case rules.BlockedE2ERunning:
		return "E2E is still running"
	}
	return string(b.Code)
}
