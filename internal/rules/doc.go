// Package rules decides: which holds stop which step, when the gate is open, what
// a failure is and what follows it, who may issue which command and what it does.
//
// Belongs here: functions of state and time, without a clock, a network or
// Temporal, that change nothing but the state they are given. A refusal, a cause
// or a blocker is a value with a code and its facts. Does not: sentences for
// people, which internal/words makes from those values; data that others share,
// which is in internal/train.
package rules
