package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seal writes the checksums of a version's histories into the manifest, when it is released:
//
//	go test ./workflows -run Manifest -seal 0.5
var seal = flag.String("seal", "", "a `version` whose histories are listed in the manifest from now on")

const (
	historiesDir = "testdata/histories"
	manifestFile = "manifest.txt"
)

// manifest is the checksum of each history of the released versions, by path. It
// has the form that sha256sum -c reads in testdata/histories.
type manifest map[string]string

func readManifest(dir fs.FS) (manifest, error) {
	raw, err := fs.ReadFile(dir, manifestFile)
	if err != nil {
		return nil, err
	}
	m := manifest{}
	for line := range strings.Lines(string(raw)) {
		sum, file, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if _, twice := m[file]; !ok || twice {
			return nil, fmt.Errorf("%s: %q is no checksum with a path of its own", manifestFile, line)
		}
		m[file] = sum
	}
	return m, nil
}

// checksums are those of the histories that are there, by path.
func checksums(dir fs.FS) (map[string]string, error) {
	found := map[string]string{}
	return found, fs.WalkDir(dir, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || file == manifestFile {
			return err
		}
		raw, err := fs.ReadFile(dir, file)
		sum := sha256.Sum256(raw)
		found[file] = hex.EncodeToString(sum[:])
		return err
	})
}

func versionOf(file string) string { return strings.Split(path.Clean(file), "/")[0] }

// problems says what is not as the manifest has it. Histories that it does not list
// are those of the version under work: there is one, and it is not sealed.
func (m manifest) problems(found map[string]string) (all []string) {
	sealed, open := map[string]bool{}, map[string]bool{}
	for file, sum := range m {
		sealed[versionOf(file)] = true
		switch found[file] {
		case sum:
		case "":
			all = append(all, file+" is gone")
		default:
			all = append(all, file+" was changed")
		}
	}
	for file := range found {
		if _, listed := m[file]; listed {
			continue
		}
		if sealed[versionOf(file)] {
			all = append(all, file+" was added to a released version")
		}
		open[versionOf(file)] = true
	}
	for version := range sealed {
		delete(open, version)
	}
	if len(open) > 1 {
		all = append(all, fmt.Sprintf("%d versions are not in the manifest, and only one is under work", len(open)))
	}
	slices.Sort(all)
	return all
}

// sealing gives the lines that list a version's histories.
func (m manifest) sealing(version string, found map[string]string) (string, error) {
	var lines []string
	for file, sum := range found {
		if versionOf(file) != version {
			continue
		}
		if _, listed := m[file]; listed {
			return "", fmt.Errorf("%s is sealed: its histories are never changed", version)
		}
		lines = append(lines, sum+"  "+file+"\n")
	}
	if len(lines) == 0 {
		return "", fmt.Errorf("there are no histories of %s", version)
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return strings.Join(lines, ""), nil
}

func TestManifestHasTheHistoriesOfReleasedVersionsAsTheyWereRecorded(t *testing.T) {
	dir := os.DirFS(historiesDir)
	listed, err := readManifest(dir)
	require.NoError(t, err)
	found, err := checksums(dir)
	require.NoError(t, err)
	if *seal != "" {
		lines, err := listed.sealing(*seal, found)
		require.NoError(t, err)
		file, err := os.OpenFile(path.Join(historiesDir, manifestFile), os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		_, err = file.WriteString(lines)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		listed, err = readManifest(dir)
		require.NoError(t, err)
	}
	assert.Empty(t, listed.problems(found),
		"a history of a released version is never changed: guard the workflow code with GetVersion, docs/versions.md")
}

func TestManifestNoticesWhatWasChangedRemovedOrAddedInAReleasedVersion(t *testing.T) {
	dir := fstest.MapFS{
		manifestFile:              {},
		"0.4/day/release.json":    {Data: []byte("a")},
		"0.4/day/departure.json":  {Data: []byte("b")},
		"0.4/night/release.json":  {Data: []byte("c")},
		"0.4/night/schedule.json": {Data: []byte("d")},
	}
	look := func() []string {
		listed, err := readManifest(dir)
		require.NoError(t, err)
		found, err := checksums(dir)
		require.NoError(t, err)
		return listed.problems(found)
	}
	assert.Empty(t, look(), "nothing is sealed yet")
	dir["0.5/day/release.json"] = &fstest.MapFile{Data: []byte("e")}
	assert.Equal(t, []string{"2 versions are not in the manifest, and only one is under work"}, look())

	found, err := checksums(dir)
	require.NoError(t, err)
	lines, err := manifest{}.sealing("0.4", found)
	require.NoError(t, err)
	dir[manifestFile] = &fstest.MapFile{Data: []byte(lines)}
	assert.Empty(t, look(), "0.4 is sealed, 0.5 is under work")
	listed, err := readManifest(dir)
	require.NoError(t, err)
	_, err = listed.sealing("0.4", found)
	require.ErrorContains(t, err, "0.4 is sealed")
	_, err = listed.sealing("0.6", found)
	require.ErrorContains(t, err, "no histories of 0.6")

	dir["0.4/day/release.json"] = &fstest.MapFile{Data: []byte("recorded anew")}
	delete(dir, "0.4/night/release.json")
	dir["0.4/day/notify.json"] = &fstest.MapFile{Data: []byte("f")}
	assert.Equal(t, []string{"0.4/day/notify.json was added to a released version",
		"0.4/day/release.json was changed", "0.4/night/release.json is gone"}, look())
}
