package main

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock is the true time, moved: deadlines and the ends of tokens come without waiting for them.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Now().Add(time.Duration(c.offset.Load()))
}

func (c *clock) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	offset, err := time.ParseDuration(request.URL.Query().Get("offset"))
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	c.offset.Store(int64(offset))
}
