// Package vault keeps datasets and models sealed at rest, and hands their keys,
// job bodies and outputs only to whom they are for. FORMAT.md specifies the
// container file.
package vault
