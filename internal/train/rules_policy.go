package train

import (
	"slices"
	"strings"
)

// sameName compares names as people type them.
func sameName(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimPrefix(strings.TrimSpace(a), "@"), strings.TrimPrefix(strings.TrimSpace(b), "@"))
}

// policyRefuses says why the policy does not let somebody issue a command; nil: it does.
func policyRefuses(p Policy, d Definition, s *State, c Command) *Refusal {
	if p.Identity == IdentityVerified {
		return &Refusal{Code: RefusedIdentityNotVerified}
	}
	for _, a := range p.Allow {
		if a.Command == d.Name && !slices.ContainsFunc(a.People, func(n string) bool { return sameName(n, c.By) }) {
			return &Refusal{Code: RefusedNotAllowed, By: c.By, People: a.People}
		}
	}
	if d.permits == nil {
		return nil
	}
	return d.permits(p, s, c)
}

// PolicyRefuses is what the policy says about a command that goes to the train itself.
func PolicyRefuses(p Policy, name CommandName, c Command) *Refusal {
	d, _ := Commands().Find(name)
	return policyRefuses(p, d, &State{}, c).Of(name)
}
