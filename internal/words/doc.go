// Package words is everything that people read: the status, cards and events in
// Slack, refusals and answers, what is waited for, summaries in the Web UI, lines
// to paste, and the markup for each kind of reader.
//
// Belongs here: functions from facts to text. Does not: anything that decides
// (internal/rules), or that other code compares; callers compare codes.
package words
