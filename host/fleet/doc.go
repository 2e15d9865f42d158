// Package fleet carries jobs between machines over NATS: a Server that others
// join, a Broker that leases jobs to hosts, Serve for a host's end, Client for
// a buyer's. Subjects and messages are this package's secret.
package fleet
