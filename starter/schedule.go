package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Create, show and trigger the Temporal Schedules that fire departures",
	}
	var name string
	cmd.PersistentFlags().StringVar(&name, "train", "", "the train's `name`; all trains when left out")
	add := func(use, short string, run func(context.Context, client.Client, train.Train) error) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs, Example: "  starter schedule " + use + " --train api",
			RunE: func(cmd *cobra.Command, _ []string) error { return a.eachTrain(cmd.Context(), name, run) },
		})
	}
	add("apply", "Create or update the Schedule from release.yaml", a.applySchedule)
	add("show", "Show the Schedule as Temporal has it", a.showSchedule)
	add("next", "Show the next ten departures, with reasons for gaps", a.nextDepartures)
	add("trigger", "Depart now: the next release day, cut at once", a.triggerSchedule)
	why, by := "", ""
	pause := &cobra.Command{
		Use: "pause", Short: "Stop departures until resume; releases under way go on", Args: cobra.NoArgs,
		Example: `  starter schedule pause --train api --reason "code freeze"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if why == "" {
				return errors.New("--reason is missing: say why nothing departs")
			}
			return a.eachTrain(cmd.Context(), name, func(ctx context.Context, c client.Client, t train.Train) error {
				return a.pauseSchedule(ctx, c, t, fmt.Sprintf("%s (%s)", why, by))
			})
		},
	}
	pause.Flags().StringVar(&why, "reason", "", "`why` nothing departs (required)")
	pause.Flags().StringVar(&by, "by", osUser(), "`who` asks")
	cmd.AddCommand(pause)
	add("resume", "Let departures happen again", a.resumeSchedule)
	cmd.AddCommand(a.dayCommand(&name, "skip", train.SkipDay, "Leave a release day out, without an edit of the file"))
	cmd.AddCommand(a.dayCommand(&name, "add", train.AddDay,
		"Add a release day, or take a skipped one back, without an edit of the file"))
	return cmd
}

// dayCommand changes the calendar of a train for one day.
func (a *app) dayCommand(name *string, use string, command train.CommandName, short string) *cobra.Command {
	in := train.Command{}
	cmd := &cobra.Command{
		Use: use + " DAY", Short: short, Args: cobra.ExactArgs(1),
		Example: fmt.Sprintf("  starter schedule %s 2026-12-01 --train api --reason %q", use, "company meeting"),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := calendar.ParseDay(args[0])
			if err != nil {
				return err
			}
			t, err := a.train(*name)
			if err != nil {
				return err
			}
			if command == train.AddDay {
				if problem := t.Timetable().CannotAdd(day); problem != "" {
					return errors.New(problem)
				}
			}
			in.Day = day
			e, _ := rules.Commands().Find(command)
			answer, err := a.send(cmd.Context(), t, e, "", in)
			if err != nil {
				return err
			}
			a.printf("%s\n", answer.Sentence)
			c, _, err := a.temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			return a.updateSchedules(cmd.Context(), c, t)
		},
	}
	cmd.Flags().StringVar(&in.Reason, "reason", "", "`why` (required)")
	cmd.Flags().StringVar(&in.By, "by", osUser(), "`who` asks")
	return cmd
}

func (a *app) pauseSchedule(ctx context.Context, c client.Client, t train.Train, note string) error {
	if _, err := describe(ctx, c, t); err != nil {
		return err
	}
	id := train.ScheduleID(t.Name)
	if err := c.ScheduleClient().GetHandle(ctx, id).Pause(ctx, client.SchedulePauseOptions{Note: note}); err != nil {
		return fmt.Errorf("pause the Schedule %s: %w", id, err)
	}
	a.printf("Paused the Schedule %s: %s. Releases under way go on; to hold them as well: starter pause --train %s\n", id,
		note, t.Name)
	return nil
}

func (a *app) resumeSchedule(ctx context.Context, c client.Client, t train.Train) error {
	if _, err := describe(ctx, c, t); err != nil {
		return err
	}
	id := train.ScheduleID(t.Name)
	if err := c.ScheduleClient().GetHandle(ctx, id).Unpause(ctx,
		client.ScheduleUnpauseOptions{Note: "resumed by " + osUser()}); err != nil {
		return fmt.Errorf("resume the Schedule %s: %w", id, err)
	}
	a.printf("Resumed the Schedule %s.\n", id)
	return a.nextDepartures(ctx, c, t)
}

// remembered is the train with the days that its memory skips and adds.
func remembered(ctx context.Context, c client.Client, t train.Train) (train.Train, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	memory, err := activities.ReadMemory(ctx, c, t.Name)
	if err != nil {
		return t, fmt.Errorf("%s does not tell which days are skipped or added; is a worker running? (%w)",
			train.MemoryID(t.Name), err)
	}
	if memory != nil {
		t.Calendar = rules.ChangedCalendar(memory, t.Calendar)
	}
	return t, nil
}

// eachTrain runs a command for the named train, or for all.
func (a *app) eachTrain(ctx context.Context, name string,
	run func(context.Context, client.Client, train.Train) error) error {
	f, err := a.file()
	if err != nil {
		return err
	}
	trains := f.Trains
	if name != "" {
		t, err := f.Train(name)
		if err != nil {
			return err
		}
		trains = []train.Train{t}
	}
	c, _, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, t := range trains {
		if err := run(ctx, c, t); err != nil {
			return err
		}
	}
	return nil
}

// catchUp is how long after its time a departure still fires: the default of
// Temporal is a year. Whether a departure is late is judged by the release.
const catchUp = 24 * time.Hour

// applySchedule creates the Schedules of a train, or brings them up to date, and makes sure that its workflow
// runs and knows the configuration.
func (a *app) applySchedule(ctx context.Context, c client.Client, t train.Train) error {
	if err := activities.TellConfiguration(ctx, c, t.Name); err != nil {
		return err
	}
	all, err := schedules(ctx, c, t)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := a.put(ctx, c, s); err != nil {
			return err
		}
	}
	return a.nextDepartures(ctx, c, t)
}

// updateSchedules brings those Schedules of a train that exist up to date. It makes none: whether the train
// departs by itself is decided by schedule apply alone.
func (a *app) updateSchedules(ctx context.Context, c client.Client, t train.Train) error {
	all, err := schedules(ctx, c, t)
	if err != nil {
		return err
	}
	departs := true
	for _, s := range all {
		err := a.update(ctx, c, s)
		var missing *serviceerror.NotFound
		switch {
		case errors.As(err, &missing):
			departs = departs && s.id != train.ScheduleID(t.Name)
		case err != nil:
			return err
		}
	}
	if !departs {
		a.printf("%s\n", words.NoScheduleYet(train.ScheduleID(t.Name)))
		return nil
	}
	return a.nextDepartures(ctx, c, t)
}

// schedule is a Temporal Schedule as the configuration wants it.
type schedule struct {
	id     string
	spec   client.ScheduleSpec
	action *client.ScheduleWorkflowAction
}

// schedules are those of a train: its departures, and the dead-man's switch.
func schedules(ctx context.Context, c client.Client, t train.Train) ([]schedule, error) {
	t, err := remembered(ctx, c, t)
	if err != nil {
		return nil, err
	}
	spec := temporalSpec(t, time.Now())
	departures := schedule{id: train.ScheduleID(t.Name), spec: spec, action: &client.ScheduleWorkflowAction{
		ID: train.DepartureID(t.Name), Workflow: train.DepartureWorkflow, TaskQueue: train.TaskQueue,
		Args:          []any{train.DepartureInput{Train: t.Name}},
		StaticSummary: "Departure of " + t.Name,
	}}
	// The dead-man's switch fires after each departure, on the same day: the next
	// one may be another weekday.
	cut := time.Duration(t.Cut.At.Hour)*time.Hour + time.Duration(t.Cut.At.Minute)*time.Minute
	after := min(calendar.WatchdogAfter, 24*time.Hour-time.Minute-cut)
	watchdog := schedule{id: train.WatchdogID(t.Name), spec: later(spec, cut+after)}
	watchdog.action = &client.ScheduleWorkflowAction{
		ID: train.WatchdogID(t.Name), Workflow: train.WatchdogWorkflow, TaskQueue: train.TaskQueue,
		Args:          []any{train.WatchdogInput{Train: t.Name, After: calendar.Duration(after)}},
		StaticSummary: "Whether " + t.Name + " departed",
	}
	return []schedule{departures, watchdog}, nil
}

// later is a spec whose entries fire at another time of day.
func later(spec client.ScheduleSpec, at time.Duration) client.ScheduleSpec {
	shift := func(list []client.ScheduleCalendarSpec) []client.ScheduleCalendarSpec {
		out := slices.Clone(list)
		for i := range out {
			out[i].Hour, out[i].Minute = one(int(at/time.Hour)), one(int(at%time.Hour/time.Minute))
		}
		return out
	}
	spec.Calendars, spec.Skip = shift(spec.Calendars), shift(spec.Skip)
	return spec
}

// overlap of departures: each is another day; superseding is the release's rule.
const overlap = enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL

// put creates a Schedule, or brings the existing one up to date.
func (a *app) put(ctx context.Context, c client.Client, s schedule) error {
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: s.id, Spec: s.spec, Action: s.action, CatchupWindow: catchUp, Overlap: overlap,
		Note: "Made by starter schedule apply from release.yaml",
	})
	switch {
	case err == nil:
		a.printf("Created the Schedule %s.\n", s.id)
		return nil
	case !errors.Is(err, temporal.ErrScheduleAlreadyRunning):
		return fmt.Errorf("create the Schedule %s: %w", s.id, err)
	}
	return a.update(ctx, c, s)
}

// update brings an existing Schedule up to date.
func (a *app) update(ctx context.Context, c client.Client, want schedule) error {
	err := c.ScheduleClient().GetHandle(ctx, want.id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := in.Description.Schedule // what people set by hand, a pause above all, stays
			s.Spec, s.Action = &want.spec, want.action
			if s.Policy == nil {
				s.Policy = &client.SchedulePolicies{}
			}
			s.Policy.CatchupWindow, s.Policy.Overlap = catchUp, overlap
			return &client.ScheduleUpdate{Schedule: &s}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update the Schedule %s: %w", want.id, err)
	}
	a.printf("Updated the Schedule %s.\n", want.id)
	return nil
}

// temporalSpec is the calendar of a train as a Temporal Schedule has it.
func temporalSpec(t train.Train, now time.Time) client.ScheduleSpec {
	plain := t.Timetable().ScheduleSpec(calendar.DayOf(now.In(t.Location())))
	at := func(c client.ScheduleCalendarSpec) client.ScheduleCalendarSpec {
		c.Hour, c.Minute, c.Second = one(plain.At.Hour), one(plain.At.Minute), one(0)
		return c
	}
	dated := func(d calendar.Day, why string) client.ScheduleCalendarSpec {
		return at(client.ScheduleCalendarSpec{
			Year: one(d.Year), Month: one(int(d.Month)), DayOfMonth: one(d.Day), Comment: why,
		})
	}
	spec := client.ScheduleSpec{TimeZoneName: plain.Zone}
	if len(plain.Weekdays) > 0 {
		weekly := client.ScheduleCalendarSpec{Comment: "the cut days of an ordinary week"}
		for _, w := range plain.Weekdays {
			weekly.DayOfWeek = append(weekly.DayOfWeek, client.ScheduleRange{Start: int(w)})
		}
		spec.Calendars = append(spec.Calendars, at(weekly))
	}
	for _, d := range plain.Added {
		spec.Calendars = append(spec.Calendars, dated(d, "cut day by the calendar of release.yaml"))
	}
	for _, d := range plain.Skipped {
		spec.Skip = append(spec.Skip, dated(d, "no cut day by the calendar of release.yaml"))
	}
	return spec
}

func one(n int) []client.ScheduleRange { return []client.ScheduleRange{{Start: n}} }

// describe reads a train's Schedule.
func describe(ctx context.Context, c client.Client, t train.Train) (*client.ScheduleDescription, error) {
	id := train.ScheduleID(t.Name)
	d, err := c.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("there is no Schedule %s: create it with: starter schedule apply", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read the Schedule %s: %w", id, err)
	}
	return d, nil
}

func (a *app) showSchedule(ctx context.Context, c client.Client, t train.Train) error {
	d, err := describe(ctx, c, t)
	if err != nil {
		return err
	}
	state := "active"
	if d.Schedule.State.Paused {
		state = "paused: " + d.Schedule.State.Note
	}
	a.printf("Schedule %s: %s\n", train.ScheduleID(t.Name), state)
	a.printf("  zone      %s\n  catch-up  %s\n  fired     %d times, %d missed\n", d.Schedule.Spec.TimeZoneName,
		d.Schedule.Policy.CatchupWindow, d.Info.NumActions, d.Info.NumActionsMissedCatchupWindow)
	wanted, err := remembered(ctx, c, t)
	if err != nil {
		return err
	}
	if wanted := temporalSpec(wanted, time.Now()); !sameSpec(*d.Schedule.Spec, wanted) {
		a.printf("  It differs from %s. Bring it up to date with: starter schedule apply\n", a.path)
	}
	for _, r := range d.Info.RecentActions {
		a.printf("  last      %s -> %s\n", words.When(r.ScheduleTime, t.Location()), r.StartWorkflowResult.WorkflowID)
	}
	return nil
}

// sameSpec compares what Temporal has with what the file wants. Days that have
// passed make no difference.
func sameSpec(have, want client.ScheduleSpec) bool {
	return slices.Equal(dates(have.Calendars), dates(want.Calendars)) &&
		slices.Equal(dates(have.Skip), dates(want.Skip)) && have.TimeZoneName == want.TimeZoneName
}

func dates(specs []client.ScheduleCalendarSpec) []string {
	today := calendar.DayOf(time.Now())
	var out []string
	for _, s := range specs {
		var year, month, day int
		if len(s.Year) > 0 && len(s.Month) > 0 && len(s.DayOfMonth) > 0 {
			year, month, day = s.Year[0].Start, s.Month[0].Start, s.DayOfMonth[0].Start
		}
		d := calendar.Day{Year: year, Month: time.Month(month), Day: day}
		if year != 0 && d.Before(today) {
			continue
		}
		var weekdays []string
		if year == 0 {
			for _, w := range s.DayOfWeek {
				weekdays = append(weekdays, fmt.Sprint(w.Start))
			}
		}
		out = append(out, fmt.Sprintf("%s %v %v:%v", d, weekdays, s.Hour[0].Start, s.Minute[0].Start))
	}
	slices.Sort(out)
	return out
}

// nextDepartures shows what Temporal will fire, with what the calendar says about it.
func (a *app) nextDepartures(ctx context.Context, c client.Client, t train.Train) error {
	d, err := describe(ctx, c, t)
	if err != nil {
		return err
	}
	if d.Schedule.State.Paused {
		a.printf("The Schedule %s is paused (%s): none of these departs.\n", train.ScheduleID(t.Name), d.Schedule.State.Note)
	}
	zone := t.Location()
	if t, err = remembered(ctx, c, t); err != nil {
		return err
	}
	planned := t.Timetable().Departures(time.Now(), len(d.Info.NextActionTimes))
	a.printf("Next departures of %s:\n", t.Name)
	for _, at := range d.Info.NextActionTimes {
		i := slices.IndexFunc(planned, func(p calendar.Departure) bool { return p.CutAt.Equal(at) })
		if i < 0 {
			a.printf("  %s  cuts no release day of %s: bring the Schedule up to date with: starter schedule apply\n",
				words.When(at, zone), a.path)
			continue
		}
		p := planned[i]
		for _, g := range p.Gaps {
			a.printf("  %-36s no release on %s: %s\n", "", g.Day.String()+" ("+g.Day.Weekday().String()[:3]+")", g.Why)
		}
		line := fmt.Sprintf("  %s  cuts release day %s (%s)", words.When(at, zone), p.Day, p.Day.Weekday().String()[:3])
		if p.Note != "" {
			line += ": " + p.Note
		}
		a.printf("%s\n", strings.TrimRight(line, " "))
	}
	return nil
}

func (a *app) triggerSchedule(ctx context.Context, c client.Client, t train.Train) error {
	id := train.ScheduleID(t.Name)
	if _, err := describe(ctx, c, t); err != nil {
		return err
	}
	if err := c.ScheduleClient().GetHandle(ctx, id).Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
		return fmt.Errorf("trigger the Schedule %s: %w", id, err)
	}
	a.printf("Triggered %s: this means the next release day, cut at once. See: starter status --train %s\n", id, t.Name)
	return nil
}
