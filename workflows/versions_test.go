package workflows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// changeIDs are the change IDs of the GetVersion calls in a file. One that is
// no literal is returned as it stands: docs/versions.md cannot list it.
func changeIDs(t *testing.T, name string, source any) (ids []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		if selected, ok := call.Fun.(*ast.SelectorExpr); !ok || selected.Sel.Name != "GetVersion" {
			return true
		}
		id := "a change ID that is no literal, in " + name
		if literal, ok := call.Args[1].(*ast.BasicLit); ok {
			id, err = strconv.Unquote(literal.Value)
			require.NoError(t, err)
		}
		ids = append(ids, id)
		return true
	})
	return ids
}

// versionRow is a row of docs/versions.md: change ID, since when, reason.
var versionRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]*\\S[^|]*\\|[^|]*\\S[^|]*\\|$")

func documentedVersions(page string) (ids []string) {
	for _, row := range versionRow.FindAllStringSubmatch(page, -1) {
		ids = append(ids, row[1])
	}
	return ids
}

func TestEveryGetVersionIsListedWithItsReasonInTheDocs(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	called := map[string]bool{}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			for _, id := range changeIDs(t, file, nil) {
				called[id] = true
			}
		}
	}
	page, err := os.ReadFile("../docs/versions.md")
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, id := range documentedVersions(string(page)) {
		listed[id] = true
	}
	assert.Equal(t, called, listed, "docs/versions.md lists exactly the calls of GetVersion in workflows/")
}

func TestGetVersionsAreFoundInCodeAndInTheDocs(t *testing.T) {
	const source = `package w
func f() { v := workflow.GetVersion(ctx, "freeze-first", workflow.DefaultVersion, 1); workflow.GetVersion(ctx, id, 1, 2) }`
	assert.Equal(t, []string{"freeze-first", "a change ID that is no literal, in w.go"}, changeIDs(t, "w.go", source))
	assert.Equal(t, []string{"freeze-first"}, documentedVersions(
		"| change | since | reason |\n|---|---|---|\n| `freeze-first` | 0.6 | freezes are read first |\n| `bare` | 0.6 | |\n"))
}
