package flux

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/release-train/release-train/internal/train"
)

var (
	// The tag itself may hold slashes and, in theory, an @: the digest is what
	// follows the last one.
	revisionPattern = regexp.MustCompile(`^(?:(.*)@)?(?:sha1|sha256|sha384|sha512):([0-9a-f]+)$`)
	legacyPattern   = regexp.MustCompile(`^(?:(.*)/)?([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// ParseRevision reads a revision as Flux writes it: "api/v2024.10.02.1@sha1:…",
// "refs/tags/…@sha1:…", "main@sha1:…", "sha1:…", and the legacy "main/<sha>".
// A short branch name looks like a tag: who knows that a branch is followed
// drops the tag.
// Source: https://fluxcd.io/flux/components/source/gitrepositories/#artifact.
func ParseRevision(revision string) (train.Version, error) {
	m := revisionPattern.FindStringSubmatch(revision)
	if m == nil {
		m = legacyPattern.FindStringSubmatch(revision)
	}
	if m == nil {
		return train.Version{}, fmt.Errorf("the revision %q has no commit: expected for example api/v2024.10.02.1@sha1:<40 "+
			"digits>", revision)
	}
	v := train.Version{SHA: m[2]}
	if !strings.HasPrefix(m[1], "refs/heads/") {
		v.Tag = strings.TrimPrefix(m[1], "refs/tags/")
	}
	return v, nil
}
