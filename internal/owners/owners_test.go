package owners_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/owners"
)

func parse(t *testing.T, text string) owners.File {
	t.Helper()
	f, err := owners.Parse(strings.NewReader(text))
	require.NoError(t, err)
	return f
}

func TestTheLastMatchOfASectionCounts(t *testing.T) {
	f := parse(t, "* @all\n*.ts @ts @more # why\n/special.ts dev@example.com\n")
	assert.Equal(t, []string{"@all"}, f.Owners("a.md"))
	assert.Equal(t, []string{"@ts", "@more"}, f.Owners("x/a.ts"))
	assert.Equal(t, []string{"dev@example.com"}, f.Owners("special.ts"))
	assert.Equal(t, []string{"dev@example.com"}, f.Owners("/special.ts"))
}

func TestEverySectionThatMatchesGivesItsOwnersOnceAndInTheOrderOfTheFile(t *testing.T) {
	// The example of GitLab's documentation.
	f := parse(t, "* @admin\n\n[README Owners]\nREADME.md @user1 @user2\ninternal/README.md @user4\n\n[README other "+
		"owners]\nREADME.md @user3 @admin\n")
	assert.Equal(t, []string{"@admin", "@user1", "@user2", "@user3"}, f.Owners("README.md"))
	assert.Equal(t, []string{"@admin", "@user4", "@user3"}, f.Owners("internal/README.md"))
	assert.Equal(t, []string{"@admin"}, f.Owners("other.md"))
}

func TestTheDefaultOwnersOfASectionApplyToLinesWithoutOwners(t *testing.T) {
	f := parse(t, "[Docs] @docs\ndocs/\n^[Payments][2] @maven/pods/payments @lead\ncypress/e2e/payments/ # "+
		"theirs\ncypress/e2e/payments/refund.cy.ts @@maintainer\n")
	assert.Equal(t, []string{"@docs"}, f.Owners("x/docs/a/b.md"))
	assert.Equal(t, []string{"@maven/pods/payments", "@lead"}, f.Owners("cypress/e2e/payments/a.cy.ts"))
	assert.Equal(t, []string{"@@maintainer"}, f.Owners("cypress/e2e/payments/refund.cy.ts"))
}

func TestALineWithoutOwnersInASectionWithoutDefaultsTakesOwnersAway(t *testing.T) {
	f := parse(t, "* @all\nvendor/\n")
	assert.Empty(t, f.Owners("vendor/a.ts"))
	assert.Equal(t, []string{"@all"}, f.Owners("a.ts"))
}

func TestSectionsOfTheSameNameAreCombinedWhateverTheirCase(t *testing.T) {
	f := parse(t, "[Docs] @one\n*.md\n[Code]\n*.ts @code\n^[dOCS][1] @two\nREADME.md\n*.txt\n")
	assert.Equal(t, []string{"@one"}, f.Owners("a.md"))
	assert.Equal(t, []string{"@two"}, f.Owners("README.md"), "the last match of the combined section")
	assert.Equal(t, []string{"@two"}, f.Owners("a.txt"))
	assert.Equal(t, []string{"@one"}, parse(t, "* @all\n[Codeowners]\n*.md @one").Owners("a.md"),
		"the name of the lines before any header")
}

func TestAnExcludedPathHasNoOwnersInThatSectionOnly(t *testing.T) {
	f := parse(t, "* @all\n!pom.xml\n[Ruby]\n*.rb @ruby\n!/config/**/*.rb # not these\n/config/routes.rb @ops\n")
	assert.Empty(t, f.Owners("pom.xml"))
	assert.Empty(t, f.Owners("x/pom.xml"))
	assert.Equal(t, []string{"@all", "@ruby"}, f.Owners("app/a.rb"))
	assert.Equal(t, []string{"@all"}, f.Owners("config/x/a.rb"))
	assert.Equal(t, []string{"@all"}, f.Owners("config/routes.rb"), "a later rule does not take it in again")
}

func TestPathsMatchAsGitLabDocumentsIt(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		yes, not []string
	}{
		{"*", []string{"a", "a/b/.c"}, nil},
		{"/README.md", []string{"README.md"}, []string{"a/README.md", "READMEXmd"}},
		{"README.md", []string{"README.md", "a/b/README.md"}, []string{"OREADME.md", "README.md/a"}},
		{"internal/*.md", []string{"internal/a.md", "docs/internal/a.md"}, []string{"internal/x/a.md"}},
		{"/docs/", []string{"docs/a", "docs/a/b"}, []string{"x/docs/a", "docs"}},
		{"docs/", []string{"docs/a", "x/docs/a/b"}, []string{"mydocs/a"}},
		{"/docs", []string{"docs"}, []string{"docs/a"}},
		{"/docs/*", []string{"docs/a"}, []string{"docs/a/b"}},
		{"/docs/*spec*", []string{"docs/qa_specs.rb"}, []string{"docs/a/spec"}},
		{"/docs/*/README.md", []string{"docs/api/README.md"}, []string{"docs/README.md", "docs/a/b/README.md"}},
		{"/docs/**/index.md", []string{"docs/index.md", "docs/a/b/index.md"}, []string{"index.md"}},
		{"**/index.md", []string{"index.md", "a/b/index.md"}, []string{"a/my-index.md"}},
		{`path\ with\ spaces/`, []string{"path with spaces/a"}, []string{"path/a"}},
		{`\#file`, []string{"#file"}, []string{"file"}},
		{"/app/(auth)/page+layout.ts", []string{"app/(auth)/page+layout.ts"}, []string{"app/auth/pagelayout.ts"}},
		{"a?.ts", []string{"ab.ts", "x/ab.ts"}, []string{"a/.ts", "a.ts"}},
	} {
		f := parse(t, c.pattern+" @x")
		for _, path := range c.yes {
			assert.Equal(t, []string{"@x"}, f.Owners(path), "%s has %s", c.pattern, path)
		}
		for _, path := range c.not {
			assert.Empty(t, f.Owners(path), "%s has not %s", c.pattern, path)
		}
	}
}

func TestLinesThatMakeNoSenseAreLeftOut(t *testing.T) {
	f := parse(t, "\r\n# * @comment\r\n[Broken @nobody\r\n^[\r\n[]\r\n!\r\n\\\r\n* @all\r\n")
	assert.Equal(t, []string{"@all"}, f.Owners("a"))
}

func TestAFileThatSaysNothingOwnsNothing(t *testing.T) {
	assert.Empty(t, parse(t, "").Owners("a"))
	assert.Empty(t, owners.File{}.Owners("a"))
}

func TestAFileThatCannotBeReadSaysSo(t *testing.T) {
	_, err := owners.Parse(iotest.ErrReader(errors.New("cut off")))
	assert.ErrorContains(t, err, "CODEOWNERS cannot be read: cut off")
	_, err = owners.Parse(strings.NewReader(strings.Repeat("@x ", 1<<20)))
	assert.ErrorContains(t, err, "token too long")
}

func FuzzAFileNeverPanics(f *testing.F) {
	f.Add("* @a\n[S][2] @b\n!x\n\\ y\n?/[", "x/y")
	f.Fuzz(func(_ *testing.T, text, path string) {
		file, err := owners.Parse(strings.NewReader(text))
		if err == nil {
			file.Owners(path)
		}
	})
}
