package train

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Tag is a release tag, <prefix>v<YYYY>.<MM>.<DD>.<patch>. The date is the
// release day's; patch starts at 1. PRODUCT.md section 2.
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
		return Tag{}, fmt.Errorf("%q is not a release tag: write %sv<YYYY>.<MM>.<DD>.<patch>, for example %sv2024.10.02.1", name, prefix, prefix)
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

// Version is what an environment runs.
type Version struct {
	// Tag is empty when only a commit is known.
	Tag string `json:"tag,omitempty"`
	// SHA is the full commit; empty when only a tag is known.
	SHA string `json:"sha,omitempty"`
}

// IsZero says that nothing is known to run.
func (v Version) IsZero() bool { return v == Version{} }

// String is the tag, else the short commit, else "nothing".
func (v Version) String() string {
	switch {
	case v.Tag != "":
		return v.Tag
	case v.SHA != "":
		return ShortSHA(v.SHA)
	default:
		return "nothing"
	}
}

// Ref is what git can resolve: the commit where it is known, else the tag.
func (v Version) Ref() string { return cmp.Or(v.SHA, v.Tag) }

// shortestSHA is how many digits of a commit are taken for it.
const shortestSHA = 7

// Is says whether this is the candidate: the same tag, and no other commit;
// where no tag is known, the same commit, which may be shortened.
func (v Version) Is(c Candidate) bool {
	if v.Tag == "" {
		return len(v.SHA) >= shortestSHA && strings.HasPrefix(c.SHA, v.SHA)
	}
	return v.Tag == c.Tag && (v.SHA == "" || c.SHA == "" || v.SHA == c.SHA)
}

// Same says whether two versions are the same: by commit where both know theirs.
func (v Version) Same(o Version) bool {
	if v.SHA != "" && o.SHA != "" {
		return v.SHA == o.SHA
	}
	return v.Tag == o.Tag
}

// ShortSHA is a commit as people write it, eight digits.
func ShortSHA(sha string) string {
	if len(sha) > 8 {
		return sha[:8]
	}
	return sha
}

// Candidate is a tag and the commit it points at.
type Candidate struct {
	Tag string `json:"tag"`
	SHA string `json:"sha"` // full commit
	// URL is the tag's page in GitLab.
	URL string `json:"url,omitempty"`
	// By is who cut it; empty: the Schedule.
	By string `json:"by,omitempty"`
	// CutAt is when it became the release's candidate.
	CutAt time.Time `json:"cutAt,omitzero"`
}
