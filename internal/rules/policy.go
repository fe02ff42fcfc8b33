package rules

import (
	"slices"

	"github.com/release-train/release-train/internal/train"
)

// policyRefuses says why the policy does not let somebody issue a command; nil: it does.
func policyRefuses(p train.Policy, d Definition, s *train.State, c train.Command) *train.Refusal {
	if p.Identity == train.IdentityVerified {
		return &train.Refusal{Code: train.RefusedIdentityNotVerified}
	}
	for _, a := range p.Allow {
		if a.Command == d.Name && !slices.ContainsFunc(a.People, func(n string) bool { return train.SameName(n, c.By) }) {
			return &train.Refusal{Code: train.RefusedNotAllowed, By: c.By, People: a.People}
		}
	}
	if d.permits == nil {
		return nil
	}
	return d.permits(p, s, c)
}

// PolicyRefuses is what the policy says about a command that goes to the train itself.
func PolicyRefuses(p train.Policy, name train.CommandName, c train.Command) *train.Refusal {
	d, _ := Commands().Find(name)
	return policyRefuses(p, d, &train.State{}, c).Of(name)
}
