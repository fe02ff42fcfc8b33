package train

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/release-train/release-train/internal/calendar"
)

// Tag is a release tag, <prefix>v<YYYY>.<MM>.<DD>.<patch>. The date is the
// release day's; patch starts at 1. docs/architecture.md, Tags.
type Tag struct {
	Prefix string
	Day    calendar.Day
	Patch  int
}

var tagPattern = regexp.MustCompile(`^v(\d{4})\.(\d{2})\.(\d{2})\.([1-9]\d{0,5})$`)

// ParseTag reads a tag of a train with this prefix. Tags of other trains, of
// other shapes or of days that do not exist are refused.
func ParseTag(prefix, name string) (Tag, error) {
	rest, ok := strings.CutPrefix(name, prefix)
	m := tagPattern.FindStringSubmatch(rest)
	if !ok || m == nil {
		return Tag{}, fmt.Errorf("%q is not a release tag: write %sv<YYYY>.<MM>.<DD>.<patch>, for example %sv2024.10.02.1",
			name, prefix, prefix)
	}
	day, err := calendar.ParseDay(m[1] + "-" + m[2] + "-" + m[3])
	if err != nil {
		return Tag{}, fmt.Errorf("%q is not a release tag: there is no day %s.%s.%s", name, m[1], m[2], m[3])
	}
	patch, _ := strconv.Atoi(m[4]) // at most six digits
	return Tag{Prefix: prefix, Day: day, Patch: patch}, nil
}

// DayPattern is what all tags of a day start with: api/v2024.10.02.
func (t Tag) DayPattern() string {
	return fmt.Sprintf("%sv%04d.%02d.%02d.", t.Prefix, t.Day.Year, int(t.Day.Month), t.Day.Day)
}

// String is the tag's name in git.
func (t Tag) String() string { return t.DayPattern() + strconv.Itoa(t.Patch) }

// Compare orders tags by day, then by patch as a number: .9 before .10.
func (t Tag) Compare(o Tag) int {
	return cmp.Or(cmp.Compare(t.Day.String(), o.Day.String()), cmp.Compare(t.Patch, o.Patch))
}

// NextTag is the tag that follows all existing ones of the day. Names that are
// not tags of this train and day are passed over.
func NextTag(prefix string, day calendar.Day, existing []string) Tag {
	next := Tag{Prefix: prefix, Day: day, Patch: 1}
	for _, name := range existing {
		t, err := ParseTag(prefix, name)
		if err == nil && t.Day == day && t.Patch >= next.Patch {
			next.Patch = t.Patch + 1
		}
	}
	return next
}

// NewestTagBefore is the newest release tag of the train before the given one, if any.
func NewestTagBefore(before Tag, existing []string) (Tag, bool) {
	var best Tag
	for _, name := range existing {
		t, err := ParseTag(before.Prefix, name)
		if err == nil && t.Compare(before) < 0 && t.Compare(best) > 0 {
			best = t
		}
	}
	return best, best.Patch > 0
}
