package words

import "fmt"

// WouldBreak says which open execution could not go on under a build.
func WouldBreak(kind, id, runID, why string) string {
	return fmt.Sprintf("%s (%s, run %s) would break: %s", id, kind, runID, why)
}

// CouldNotBeChecked says which open execution could not be looked at.
func CouldNotBeChecked(kind, id, runID, why string) string {
	return fmt.Sprintf("%s (%s, run %s) could not be checked: %s", id, kind, runID, why)
}

// UpgradeChecked sums up a check of all open executions.
func UpgradeChecked(namespace, address string, checked, broken, unread int) string {
	text := fmt.Sprintf("Replayed %s of namespace %s at %s with this build: ",
		Plural(checked, "open execution"), namespace, address)
	switch broken {
	case 0:
		text += "none would break."
	default:
		text += fmt.Sprintf("%d would break. Do not roll it out before they have ended.", broken)
	}
	if unread > 0 {
		text += fmt.Sprintf(" %d could not be checked.", unread)
	}
	return text
}
