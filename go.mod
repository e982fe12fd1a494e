module github.com/rune-authz/rune

go 1.26
