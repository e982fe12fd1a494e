// Package others times other engines on a question like those that RUNE answers.
//
// It is a module of its own, so that what they need is nothing that RUNE needs.
package others

import "fmt"

// chains is how many chains of five groups and of five folders there are, about a thousand facts.
const chains = 90

// request asks whether a user, by way of five groups, reads a document, by way of five folders: a grant is from the last to the last. It
// is in the middle of all, for engines that look at one after the other.
const request = `{"principal":"u45","action":"read","resource":"d45"}`

// body is the request, decoded.
type body struct{ Principal, Action, Resource string }

// reply is what is encoded.
type reply struct {
	Decision string `json:"decision"`
}

// pair is a fact: the first is in the second, or has a grant on it.
type pair struct{ from, to string }

// members are users in groups, and groups in groups.
func members() []pair { return links("u", "g") }

// folders are documents in folders, and folders in folders.
func folders() []pair { return links("d", "f") }

func links(first, link string) (list []pair) {
	for i := range chains {
		list = append(list, pair{fmt.Sprint(first, i), fmt.Sprint(link, i, "-0")})
		for k := range 4 {
			list = append(list, pair{fmt.Sprint(link, i, "-", k), fmt.Sprint(link, i, "-", k+1)})
		}
	}
	return list
}

// grants let a group read a folder.
func grants() (list []pair) {
	for i := range chains {
		list = append(list, pair{fmt.Sprint("g", i, "-4"), fmt.Sprint("f", i, "-4")})
	}
	return list
}
