package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// DecodeCommand reads the payload of a command; nil when it is well-formed. A
// refusal names the field that is wrong.
func DecodeCommand(name train.CommandName, raw []byte) (train.Command, *train.Refusal) {
	definition, known := Commands().Find(name)
	switch {
	case !known:
		return train.Command{}, &train.Refusal{Code: train.RefusedUnknownCommand, Command: name}
	case len(raw) > train.LargestPayload:
		return train.Command{}, &train.Refusal{Code: train.RefusedInputTooLarge, Command: name, Count: len(raw),
			Limit: train.LargestPayload}
	case len(bytes.TrimSpace(raw)) == 0:
		return train.Command{}, &train.Refusal{Code: train.RefusedInputMissing, Command: name}
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return train.Command{}, &train.Refusal{Code: train.RefusedInputNotObject, Command: name}
	}
	for _, field := range sortedKeys(fields) {
		if !slices.Contains(definition.AllFields(), field) {
			return train.Command{}, &train.Refusal{Code: train.RefusedUnknownField, Command: name,
				Field: train.Clip(field, train.LongestField)}
		}
	}
	var c train.Command
	if err := json.Unmarshal(raw, &c); err != nil {
		return train.Command{}, wrongField(err, name)
	}
	return c, definition.incomplete(c)
}

// sortedKeys is in an order of its own, so that workflows may use it.
func sortedKeys(m map[string]json.RawMessage) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// wrongField names the field that has the wrong type.
func wrongField(err error, name train.CommandName) *train.Refusal {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return &train.Refusal{Code: train.RefusedUnreadableField, Command: name,
			Detail: train.Clip(err.Error(), train.LongestField)}
	}
	refusal := &train.Refusal{Code: train.RefusedWrongType, Command: name, Field: wrong.Field,
		Value: wrong.Value, Type: "string"}
	if wrong.Type != nil && wrong.Type.Kind() == reflect.Bool {
		refusal.Type = "bool"
	}
	if wrong.Type != nil && wrong.Type.Kind() == reflect.Int {
		refusal.Type = "int"
	}
	return refusal
}

// incomplete says which field is missing, too long or not a word of ours.
func (d Definition) incomplete(c train.Command) *train.Refusal {
	values := FieldValues(c)
	for _, field := range d.requiredFields() {
		if strings.TrimSpace(values[field]) == "" {
			return &train.Refusal{Code: train.RefusedMissingField, Command: d.Name, Field: field}
		}
	}
	for _, field := range d.AllFields() {
		limit := train.LongestField
		switch field {
		case "by":
			limit = train.LongestBy
		case "reason":
			limit = train.LongestReason
		}
		if n := len([]rune(values[field])); n > limit {
			return &train.Refusal{Code: train.RefusedFieldTooLong, Command: d.Name, Field: field, Count: n, Limit: limit}
		}
	}
	if c.Environment != "" && c.Environment != train.Staging && c.Environment != train.Production {
		return &train.Refusal{Code: train.RefusedUnknownEnvironment, Command: d.Name, Field: "environment",
			Value: string(c.Environment)}
	}
	if c.Hold != "" && !slices.Contains(train.HoldKinds(), c.Hold) {
		return &train.Refusal{Code: train.RefusedUnknownHold, Command: d.Name, Field: "hold", Value: string(c.Hold)}
	}
	return nil
}

// FieldValues are the fields of a command as text, by their JSON names.
func FieldValues(c train.Command) map[string]string {
	v := map[string]string{
		"by": c.By, "reason": c.Reason, "tag": c.Tag, "sha": c.SHA, "previousTag": c.PreviousTag,
		"until": c.Until, "at": c.At,
		"hold": string(c.Hold), "environment": string(c.Environment), "day": c.Day.String(), "id": c.ID, "of": c.Of,
	}
	if c.Force {
		v["force"] = "true"
	}
	if c.Removes != 0 {
		v["removes"] = strconv.Itoa(c.Removes)
	}
	if c.All {
		v["all"] = "true"
	}
	return v
}

// parseInstant reads an instant: RFC 3339, HH:MM on the train's clock (the next
// time it shows that), and in the field until a duration from now.
func parseInstant(field, text string, now time.Time, zone *time.Location) (time.Time, *train.Refusal) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	if clock, err := calendar.ParseClock(text); err == nil {
		day := calendar.DayOf(now.In(zone))
		at := day.At(clock, zone)
		if !at.After(now) {
			at = day.Add(1).At(clock, zone)
		}
		return at.UTC(), nil
	}
	if d, err := time.ParseDuration(text); err == nil && field == "until" {
		return now.Add(d).UTC(), nil
	}
	return time.Time{}, &train.Refusal{Code: train.RefusedNotATime, Field: field, Value: text}
}
