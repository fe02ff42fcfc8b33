package gitlab

import (
	"context"
	"fmt"

	lib "github.com/xanzy/go-gitlab"
)

// FreezePeriods of a project, oldest first. Needs the role Maintainer.
func (c *Client) FreezePeriods(ctx context.Context, project string) ([]FreezePeriod, error) {
	return pages(ctx, "list the freeze periods of "+project, 0, freezePeriod,
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.FreezePeriod, *lib.Response, error) {
			return c.api.FreezePeriods.ListFreezePeriods(project, (*lib.ListFreezePeriodsOptions)(&l), opts...)
		})
}

func freezePeriod(f *lib.FreezePeriod) FreezePeriod {
	return FreezePeriod{ID: int64(f.ID), Start: f.FreezeStart, End: f.FreezeEnd, Zone: f.CronTimezone}
}

// CreateFreezePeriod makes a freeze period. Not safe to repeat blindly: look for
// the same three values first.
func (c *Client) CreateFreezePeriod(ctx context.Context, project string, f FreezePeriod) (FreezePeriod, error) {
	made, err := one(ctx, "create a freeze period in "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.FreezePeriod, *lib.Response, error) {
			return c.api.FreezePeriods.CreateFreezePeriodOptions(project, &lib.CreateFreezePeriodOptions{
				FreezeStart: &f.Start, FreezeEnd: &f.End, CronTimezone: &f.Zone,
			}, opts...)
		})
	if err != nil {
		return FreezePeriod{}, err
	}
	return freezePeriod(made), nil
}

// UpdateFreezePeriod changes start and end; train.FaultNotFound when it was deleted.
func (c *Client) UpdateFreezePeriod(ctx context.Context, project string, f FreezePeriod) (FreezePeriod, error) {
	made, err := one(ctx, fmt.Sprintf("change the freeze period %d of %s", f.ID, project),
		func(opts ...lib.RequestOptionFunc) (*lib.FreezePeriod, *lib.Response, error) {
			return c.api.FreezePeriods.UpdateFreezePeriodOptions(project, int(f.ID), &lib.UpdateFreezePeriodOptions{
				FreezeStart: &f.Start, FreezeEnd: &f.End, CronTimezone: &f.Zone,
			}, opts...)
		})
	if err != nil {
		return FreezePeriod{}, err
	}
	return freezePeriod(made), nil
}

// DeleteFreezePeriod removes a freeze period; train.FaultNotFound when it is gone.
func (c *Client) DeleteFreezePeriod(ctx context.Context, project string, id int64) error {
	_, err := one(ctx, fmt.Sprintf("delete the freeze period %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) (struct{}, *lib.Response, error) {
			resp, err := c.api.FreezePeriods.DeleteFreezePeriod(project, int(id), opts...)
			return struct{}{}, resp, err
		})
	return err
}
