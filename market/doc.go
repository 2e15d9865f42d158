// Package market buys, sells, and pays for the use of assets on an Ethereum
// chain, and keeps the index of receipts that a host admits jobs by.
package market
