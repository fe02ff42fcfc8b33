package activities

import (
	"context"
	"fmt"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// Departures reads release.yaml at a departure and works out the release day.
type Departures struct {
	// Load reads the worker's release.yaml anew, so that an edit counts from the next departure on.
	Load func() (config.File, error)
	// Trains are asked for skipped and added days.
	Trains Memories
	// Releases looks whether one departed.
	Releases *Releases
	// Searchable says that the namespace knows our search attributes.
	Searchable bool
}

// PlanDeparture fixes the configuration and the instants of the release that
// departs now, or says why none does. Each departure makes sure that the train's workflow runs.
func (d *Departures) PlanDeparture(ctx context.Context, in train.PlanDepartureInput) (train.PlannedDeparture, error) {
	t, err := d.config(in.Train)
	if err != nil {
		return train.PlannedDeparture{}, failure(err)
	}
	if err := EnsureTrain(ctx, d.Releases.Temporal, t.Name); err != nil {
		return train.PlannedDeparture{}, err
	}
	if in.Rehearsal == 0 { // a rehearsal may play any day
		memory, err := d.Trains.memory(ctx, t.Name)
		if err != nil {
			return train.PlannedDeparture{}, err
		}
		if why, skipped := d.skipped(t, memory, in); skipped {
			return train.PlannedDeparture{Train: t, Refused: "nothing departs: " + why}, nil
		}
		if memory != nil {
			t.Calendar = rules.ChangedCalendar(memory, t.Calendar)
		}
	}
	planned := plan(t, in)
	planned.Searchable = d.Searchable
	return planned, nil
}

// skipped says that the day whose cut the Schedule fires is skipped.
func (d *Departures) skipped(t train.Train, memory *train.Memory, in train.PlanDepartureInput) (string, bool) {
	day, ok := t.Timetable().DayForCut(in.ScheduledAt)
	if memory == nil || !ok || in.ScheduledAt.IsZero() {
		return "", false
	}
	why, skipped := rules.Skips(memory, day)
	return fmt.Sprintf("%s is %s", day, why), skipped
}

// plan decides which day departs. The Schedule's own times mean the day whose
// cut they are; any other start is by hand and means the next release day.
func plan(t train.Train, in train.PlanDepartureInput) train.PlannedDeparture {
	if in.Rehearsal > 0 {
		rehearsed, p := rules.Rehearse(t, in.Now, in.Rehearsal.D(), in.Opens.D())
		if !in.Day.IsZero() { // a rehearsal may play any day
			p.Day = in.Day
		}
		return train.PlannedDeparture{Train: rehearsed, Plan: p}
	}
	planned := train.PlannedDeparture{Train: t}
	if !in.ScheduledAt.IsZero() {
		if day, ok := t.Timetable().DayForCut(in.ScheduledAt); ok {
			planned.Plan = t.Timetable().PlanFor(day)
			return planned
		}
		if at := in.ScheduledAt.In(t.Location()); at.Second() == 0 && at.Hour() == t.Cut.At.Hour &&
			at.Minute() == t.Cut.At.Minute {
			planned.Refused = fmt.Sprintf("nothing departs: by release.yaml no release day is cut on %s; bring the Schedule up "+
				"to date with: starter schedule apply", calendar.DayOf(at))
			return planned
		}
	}
	day := in.Day
	if day.IsZero() {
		next, ok := t.Timetable().NextReleaseDay(in.Now)
		if !ok {
			planned.Refused = "nothing departs: the calendar of " + t.Name + " holds no release day in sight"
			return planned
		}
		day = next
	}
	if ok, why := t.Calendar.Release(day); !ok {
		planned.Refused = fmt.Sprintf("nothing departs: %s is not a release day of %s: %s", day, t.Name, why)
		return planned
	}
	p := t.Timetable().PlanFor(day)
	if !in.Now.Before(p.WindowOpens) {
		planned.Refused = fmt.Sprintf("nothing departs: the window of %s opened %s", day,
			words.When(p.WindowOpens, t.Location()))
		return planned
	}
	planned.Plan = p
	planned.Plan.CutAt, planned.Plan.Manual = in.Now, true
	return planned
}
