// Package calendar knows days: civil dates and times of day in a zone, which days
// are release days and when they are cut, the plan of a release day, and the
// specification of a Schedule that fires at the cuts.
//
// Belongs here: what follows from a timetable and an instant alone. Does not: what
// a release is, does or says; anything that waits, asks the clock or makes a call.
// It imports nothing of ours.
package calendar
