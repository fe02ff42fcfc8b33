package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"
)

// DecodeCommand reads the payload of a command; nil when it is well-formed. A
// refusal names the field that is wrong.
func DecodeCommand(name CommandName, raw []byte) (Command, *Refusal) {
	definition, known := Commands().Find(name)
	switch {
	case !known:
		return Command{}, &Refusal{Code: RefusedUnknownCommand, Command: name}
	case len(raw) > LargestPayload:
		return Command{}, &Refusal{Code: RefusedInputTooLarge, Command: name, Count: len(raw), Limit: LargestPayload}
	case len(bytes.TrimSpace(raw)) == 0:
		return Command{}, &Refusal{Code: RefusedInputMissing, Command: name}
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return Command{}, &Refusal{Code: RefusedInputNotObject, Command: name}
	}
	for _, field := range sortedKeys(fields) {
		if !slices.Contains(definition.AllFields(), field) {
			return Command{}, &Refusal{Code: RefusedUnknownField, Command: name, Field: field}
		}
	}
	var c Command
	if err := json.Unmarshal(raw, &c); err != nil {
		return Command{}, wrongField(err, name)
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
func wrongField(err error, name CommandName) *Refusal {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return &Refusal{Code: RefusedUnreadableField, Command: name, Detail: Clip(err.Error(), LongestField)}
	}
	refusal := &Refusal{Code: RefusedWrongType, Command: name, Field: wrong.Field, Value: wrong.Value, Type: "string"}
	if wrong.Type != nil && wrong.Type.Kind() == reflect.Bool {
		refusal.Type = "bool"
	}
	return refusal
}

// incomplete says which field is missing, too long or not a word of ours.
func (d Definition) incomplete(c Command) *Refusal {
	values := FieldValues(c)
	for _, field := range d.RequiredFields() {
		if strings.TrimSpace(values[field]) == "" {
			return &Refusal{Code: RefusedMissingField, Command: d.Name, Field: field}
		}
	}
	for _, field := range d.AllFields() {
		limit := LongestField
		switch field {
		case "by":
			limit = LongestBy
		case "reason":
			limit = LongestReason
		}
		if n := len([]rune(values[field])); n > limit {
			return &Refusal{Code: RefusedFieldTooLong, Command: d.Name, Field: field, Count: n, Limit: limit}
		}
	}
	if c.Environment != "" && c.Environment != Staging && c.Environment != Production {
		return &Refusal{Code: RefusedUnknownEnvironment, Command: d.Name, Field: "environment", Value: string(c.Environment)}
	}
	if c.Hold != "" && !slices.Contains(HoldKinds(), c.Hold) {
		return &Refusal{Code: RefusedUnknownHold, Command: d.Name, Field: "hold", Value: string(c.Hold)}
	}
	return nil
}

// FieldValues are the fields of a command as text, by their JSON names.
func FieldValues(c Command) map[string]string {
	v := map[string]string{
		"by": c.By, "reason": c.Reason, "tag": c.Tag, "sha": c.SHA, "previousTag": c.PreviousTag, "until": c.Until, "at": c.At,
		"hold": string(c.Hold), "environment": string(c.Environment), "day": c.Day.String(), "id": c.ID,
	}
	if c.Force {
		v["force"] = "true"
	}
	return v
}

// parseInstant reads an instant: RFC 3339, HH:MM on the train's clock (the next
// time it shows that), and in the field until a duration from now.
func parseInstant(field, text string, now time.Time, zone *time.Location) (time.Time, *Refusal) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	if clock, err := ParseClock(text); err == nil {
		day := DayOf(now.In(zone))
		at := day.At(clock, zone)
		if !at.After(now) {
			at = day.Add(1).At(clock, zone)
		}
		return at.UTC(), nil
	}
	if d, err := time.ParseDuration(text); err == nil && field == "until" {
		return now.Add(d).UTC(), nil
	}
	return time.Time{}, &Refusal{Code: RefusedNotATime, Field: field, Value: text}
}
