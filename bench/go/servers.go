package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
)

func address(given args) string {
	return fmt.Sprintf("127.0.0.1:%d", given.get("port", 7000))
}

// serveEcho sends back what comes in, with a goroutine for each connection.
func serveEcho(given args) {
	listener, err := net.Listen("tcp", address(given))
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echoOne(connection)
	}
}

func echoOne(connection net.Conn) {
	defer connection.Close()
	bytes := make([]byte, 4096)
	for {
		n, err := connection.Read(bytes)
		if err != nil {
			return
		}
		if _, err := connection.Write(bytes[:n]); err != nil {
			return
		}
	}
}

// serveHTTP greets, by net/http.
func serveHTTP(given args) {
	greet := func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"text/plain"}
		fmt.Fprint(w, "Hello, World!")
	}
	log.Fatal(http.ListenAndServe(address(given), http.HandlerFunc(greet)))
}
