package main

import (
	"encoding/base64"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const maxPage = 25000

// pageOf copies the page after `token`, and names the token of the next one (empty: this was the last).
func pageOf[Message proto.Message](all []Message, size int32, token string) ([]Message, string, error) {
	if size <= 0 || size > maxPage {
		size = maxPage
	}
	start := 0
	if token != "" {
		text, _ := base64.URLEncoding.DecodeString(token)
		number, err := strconv.Atoi(string(text))
		if err != nil || number < 0 || number > len(all) {
			return nil, "", status.Error(codes.InvalidArgument, "The page token is not valid.")
		}
		start = number
	}
	end := min(start+int(size), len(all))
	var page []Message
	for _, message := range all[start:end] {
		page = append(page, copied(message))
	}
	if end == len(all) {
		return page, "", nil
	}
	return page, base64.URLEncoding.EncodeToString([]byte(strconv.Itoa(end))), nil
}
