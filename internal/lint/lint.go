// Package lint holds tests about the whole source tree: who imports whom, and what the engine keeps its hands off.
package lint
