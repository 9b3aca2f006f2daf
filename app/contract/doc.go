// Package contract holds the product against its contract: its tests call the whole
// product as the web frontend and other programs do.
package contract
