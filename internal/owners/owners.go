// Package owners finds who owns a path by a CODEOWNERS file of GitLab. It makes
// no calls of its own. Whom to call belongs into internal/words and the configuration.
package owners

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/hairyhenderson/go-codeowners"
)

// File is a CODEOWNERS file; the zero File owns nothing.
type File struct {
	sections []*section
}

// section is evaluated on its own: the last rule that matches counts.
type section struct {
	name     string
	rules    codeowners.Codeowners
	excluded codeowners.Codeowners
}

// defaultSection is what GitLab calls the lines before the first header; a
// header of that name continues it.
const defaultSection = "codeowners"

// maxLine bounds a line: large teams list all their members in one.
const maxLine = 1 << 20

var (
	headerPattern = regexp.MustCompile(`^\^?\[([^\]]+)\](?:\[[0-9]*\])?(?:\s+(.*))?$`)
	// A pattern may hold spaces that a backslash escapes.
	linePattern = regexp.MustCompile(`^((?:\\.|[^\s\\])+)(?:\s+(.*))?$`)
	// A user, a role, a group within groups, or a mail address.
	ownerPattern = regexp.MustCompile(`[\w.+-]*@@?\w(?:[\w./-]*\w)?`)
)

// Parse reads a CODEOWNERS file. Lines that make no sense are left out, as
// GitLab does: one of them must not take the owners of everything else away.
// Source: https://docs.gitlab.com/user/project/codeowners/reference/.
func Parse(r io.Reader) (File, error) {
	var f File
	at := f.section(defaultSection)
	var defaults []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "#") {
			continue
		}
		if m := headerPattern.FindStringSubmatch(line); m != nil {
			at, defaults = f.section(m[1]), ownerPattern.FindAllString(m[2], -1)
			continue
		}
		at.add(line, defaults)
	}
	if err := lines.Err(); err != nil {
		return File{}, fmt.Errorf("CODEOWNERS cannot be read: %w", err)
	}
	return f, nil
}

// section finds the section of that name or begins one.
func (f *File) section(name string) *section {
	name = strings.ToLower(strings.TrimSpace(name))
	i := slices.IndexFunc(f.sections, func(s *section) bool { return s.name == name })
	if i < 0 {
		i = len(f.sections)
		f.sections = append(f.sections, &section{name: name})
	}
	return f.sections[i]
}

// add takes a rule or an exclusion into the section.
func (s *section) add(line string, defaults []string) {
	line, excludes := strings.CutPrefix(line, "!")
	m := linePattern.FindStringSubmatch(line)
	if m == nil {
		return
	}
	owners := ownerPattern.FindAllString(m[2], -1)
	if len(owners) == 0 {
		owners = defaults
	}
	rule, err := codeowners.NewCodeowner(normalized(m[1]), owners)
	if err != nil {
		return
	}
	if excludes {
		s.excluded.Patterns = append(s.excluded.Patterns, rule)
		return
	}
	s.rules.Patterns = append(s.rules.Patterns, rule)
}

// The library makes a regular expression of a pattern and takes some characters
// as they are, though file names hold them, e.g. app/(auth)/page.tsx; and a
// question mark it takes for itself. The slash is hidden from its own rules.
var literal = strings.NewReplacer(
	`(`, `\(`, `)`, `\)`, `{`, `\{`, `}`, `\}`, `+`, `\+`, `|`, `\|`, `^`, `\^`, `$`, `\$`, `?`, `[^\x2f]`,
)

// normalized is a pattern of GitLab as the library understands it: without a
// leading slash it matches anywhere (the library anchors docs/*.md at the root),
// without a trailing one it is no folder.
func normalized(pattern string) string {
	pattern = literal.Replace(pattern)
	if !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "**/") {
		pattern = "/**/" + pattern
	}
	if !strings.HasSuffix(pattern, "/") {
		pattern += "$"
	}
	return pattern
}

// Owners are the owners of a path of the repository: those of all sections that
// match, in the order of the file. None: nobody owns it.
func (f File) Owners(path string) []string {
	path = "/" + strings.TrimPrefix(path, "/")
	var out []string
	for _, s := range f.sections {
		// An excluded path cannot be taken in again by a later rule.
		if s.excluded.PatternIndex(path) >= 0 {
			continue
		}
		for _, owner := range s.rules.Owners(path) {
			if !slices.Contains(out, owner) {
				out = append(out, owner)
			}
		}
	}
	return out
}
