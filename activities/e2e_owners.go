package activities

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/release-train/release-train/internal/owners"
	"github.com/release-train/release-train/internal/train"
)

// findOwners fills in who owns the failing specs, by CODEOWNERS of the E2E project.
func (e *E2E) findOwners(ctx context.Context, in train.ReadE2EReportInput, specs []train.FailingSpec) {
	file := e.codeowners(ctx, in)
	for i := range specs {
		specs[i].Owners = ownersOf(file, specs[i].Spec)
		specs[i].Groups = groupsOf(in.Groups, specs[i].Owners)
	}
}

// codeowners is the project's file; one that owns nothing when it cannot be read.
func (e *E2E) codeowners(ctx context.Context, in train.ReadE2EReportInput) owners.File {
	for _, name := range codeownersPaths {
		raw, err := e.GitLab.API.File(ctx, in.Project, in.Ref, name)
		if err != nil {
			continue
		}
		if file, err := owners.Parse(bytes.NewReader(raw)); err == nil {
			return file
		}
	}
	return owners.File{}
}

// ownersOf are the owners of a spec. Its name may lack the folder of all specs,
// as the table leaves it out: where no rule but those for everything matches the
// name, it is looked for in Cypress' own folder.
func ownersOf(file owners.File, spec string) []string {
	found := file.Owners(spec)
	if !strings.HasPrefix(spec, specFolder) && slices.Equal(found, file.Owners(anyPath)) {
		return file.Owners(specFolder + spec)
	}
	return found
}

// groupsOf are the groups in Slack of those owners that have one, each once.
func groupsOf(groups map[string]string, of []string) []string {
	var out []string
	for _, owner := range of {
		if g := groups[owner]; g != "" && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}
