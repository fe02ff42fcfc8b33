package changelog

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/release-train/release-train/internal/train"
)

// maxMarkdown is GitLab's limit on a release description, with some air.
const maxMarkdown = 900_000

// Markdown is the changelog as the description of a GitLab release. The marker
// is hidden in it.
func (l Changelog) Markdown(marker string) string {
	var b strings.Builder
	from := "the beginning"
	if !l.source.From.IsZero() {
		from = "`" + l.source.From.String() + "`"
	}
	fmt.Fprintf(&b, "Changes from %s to `%s`: %s, %s.\n\n", from, l.source.To.Tag, count(l.Commits, "commit"),
		count(l.Requests, "merge request"))
	if l.source.CompareURL != "" {
		fmt.Fprintf(&b, "[Compare the code](%s)\n\n", l.source.CompareURL)
	}
	if l.source.FromFallback != "" {
		fmt.Fprintf(&b, "> The starting point may be wrong. %s\n\n", escape(l.source.FromFallback))
	}
	l.writeRemoved(&b)
	l.writeGroups(&b)
	if len(l.Contributors) > 0 {
		names := make([]string, len(l.Contributors))
		for i, n := range l.Contributors {
			names[i] = escape(n)
		}
		fmt.Fprintf(&b, "### Contributors\n\n%s\n\n", strings.Join(names, ", "))
	}
	fmt.Fprintf(&b, "<!-- release-train %s -->\n", strings.ReplaceAll(marker, "--", "- -"))
	return b.String()
}

// removedShown bounds how many commits are named that are gone.
const removedShown = 100

// writeRemoved names what production ran and does not run any more.
func (l Changelog) writeRemoved(b *strings.Builder) {
	removed := l.source.Removed
	if len(removed) == 0 {
		return
	}
	b.WriteString("### No longer in production\n\n")
	for _, c := range removed[:min(len(removed), removedShown)] {
		fmt.Fprintf(b, "- %s ([%s](%s)) by %s\n", escape(c.Title), train.ShortSHA(c.SHA), c.WebURL, escape(c.AuthorName))
	}
	if more := len(removed) - removedShown; more > 0 {
		fmt.Fprintf(b, "- … and %s\n", count(more, "more commit"))
	}
	b.WriteString("\n")
}

func (l Changelog) writeGroups(b *strings.Builder) {
	left := 0
	for _, g := range groups {
		heading := false
		for _, e := range l.Entries {
			if e.Group != g {
				continue
			}
			if !heading {
				fmt.Fprintf(b, "### %s\n\n", g)
				heading = true
			}
			line := l.line(e)
			if b.Len()+len(line) > maxMarkdown {
				left++
				continue
			}
			b.WriteString(line)
		}
		if heading {
			b.WriteString("\n")
		}
	}
	if left > 0 {
		fmt.Fprintf(b, "… and %s that do not fit into a GitLab release.\n\n", count(left, "more change"))
	}
}

func (l Changelog) line(e Entry) string {
	s := fmt.Sprintf("- %s ([%s](%s)) by %s", escape(e.Title), e.Ref, e.URL, escape(e.Author))
	if e.Commits > 1 {
		s += ", " + count(e.Commits, "commit")
	}
	for _, key := range e.Issues {
		if l.source.IssueURL == "" {
			s += ", " + key
		} else {
			s += fmt.Sprintf(", [%s](%s)", key, strings.ReplaceAll(l.source.IssueURL, "{key}", key))
		}
	}
	if e.Reverted != "" {
		s += fmt.Sprintf("; takes back “%s”", escape(e.Reverted))
		if e.InRange {
			s += ", which is part of this release too"
		}
	}
	return s + "\n"
}

func ref(iid int64) string { return fmt.Sprintf("!%d", iid) }

// escape makes foreign text plain in GitLab's Markdown: no HTML, no emphasis,
// no links, no mentions or references, no line breaks.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteRune(' ')
		case unicode.IsControl(r):
		case r == '@':
			b.WriteString("@\u200b") // a mention would notify people
		case strings.ContainsRune("\\`*_{}[]<>#!|~$&", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// count writes a number with its noun: "1 commit", "3 commits".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
