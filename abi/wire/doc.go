// Package wire is what machines say to each other: jobs, results, receipts,
// policies and rosters, and the one encoding of each.
package wire
