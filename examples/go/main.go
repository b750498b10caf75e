// A client of Nunchi; examples/README.md says how to run it. The stubs are made by
//
//	go generate
//
// which needs protoc with its include files: its release has them, and so have Debian's packages
// protobuf-compiler and libprotobuf-dev.
package main

// The generators are tools of go.mod.
//
//go:generate sh -c "protoc -I ../../proto -I ../proto --plugin=$(go tool -n protoc-gen-go) --plugin=$(go tool -n protoc-gen-go-grpc) --go_out=. --go_opt=module=nunchi.dev/example,Mnunchi/sentiment/v1/sentiment.proto=nunchi.dev/example/sentiment --go-grpc_out=. --go-grpc_opt=module=nunchi.dev/example,Mnunchi/sentiment/v1/sentiment.proto=nunchi.dev/example/sentiment nunchi/sentiment/v1/sentiment.proto"

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	sentimentv1 "nunchi.dev/example/sentiment"
)

const (
	// Texts that are sent and not yet answered, at most; the server's own bound is
	// limits.max_stream_item_count of GetModel.
	window      = 64
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
)

// Client asks one server.
type Client struct {
	connection *grpc.ClientConn
	sentiment  sentimentv1.SentimentServiceClient
	token      string
}

// NewClient connects when the first call is made. The token is empty where the server asks for none.
func NewClient(target string, transport credentials.TransportCredentials, token string) (*Client, error) {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(transport))
	if err != nil {
		return nil, err
	}
	return &Client{connection, sentimentv1.NewSentimentServiceClient(connection), token}, nil
}

func (c *Client) authorized(ctx context.Context) context.Context {
	if c.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
}

// Classify answers one text; ctx carries the deadline.
func (c *Client) Classify(ctx context.Context, text string) (*sentimentv1.ClassifyResponse, error) {
	return c.sentiment.Classify(c.authorized(ctx), &sentimentv1.ClassifyRequest{Text: text})
}

// Health is SERVING if the server takes calls; it needs no token.
func (c *Client) Health(ctx context.Context) (string, error) {
	answer, err := grpc_health_v1.NewHealthClient(c.connection).
		Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	return answer.GetStatus().String(), err
}

// ClassifyAll has every text answered once, under its number from 1 as its id, in any order. It
// opens the stream again if the server goes away, and sends again what has no answer.
func (c *Client) ClassifyAll(
	ctx context.Context,
	texts func() (string, bool),
	answered func(*sentimentv1.StreamClassifyResponse),
) error {
	pending := &pending{items: map[string]*sentimentv1.StreamClassifyRequest{}, texts: texts}
	wait := firstWait
	for {
		progress, err := c.once(ctx, pending, answered)
		if err == nil && pending.exhausted && len(pending.items) == 0 {
			return nil
		}
		if err != nil && status.Code(err) != codes.Unavailable {
			return err
		}
		if progress {
			wait = firstWait
		}
		// Some more or less than that, so that not all clients come back in the same moment.
		select {
		case <-time.After(time.Duration(float64(wait) * (0.5 + rand.Float64()))):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, longestWait)
	}
}

// What has no answer yet, and where the next texts come from.
type pending struct {
	items     map[string]*sentimentv1.StreamClassifyRequest
	texts     func() (string, bool)
	count     int
	exhausted bool
}

// One connection, until it ends; whether there were answers. Send and Recv are called in turn: the
// window keeps what Send writes within what the connection buffers.
func (c *Client) once(
	ctx context.Context,
	pending *pending,
	answered func(*sentimentv1.StreamClassifyResponse),
) (progress bool, err error) {
	ctx, cancel := context.WithCancel(c.authorized(ctx))
	defer cancel()
	stream, err := c.sentiment.StreamClassify(ctx)
	if err != nil {
		return false, err
	}
	for _, item := range pending.items {
		// An error of Send is io.EOF; Recv tells why.
		_ = stream.Send(item)
	}
	closed := false
	for {
		for !pending.exhausted && len(pending.items) < window {
			text, more := pending.texts()
			if !more {
				pending.exhausted = true
				break
			}
			pending.count++
			item := &sentimentv1.StreamClassifyRequest{
				Id:      strconv.Itoa(pending.count),
				Request: &sentimentv1.ClassifyRequest{Text: text},
			}
			pending.items[item.Id] = item
			_ = stream.Send(item)
		}
		if pending.exhausted && !closed {
			_ = stream.CloseSend()
			closed = true
		}
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return progress, nil
		}
		if err != nil {
			return progress, err
		}
		if _, waiting := pending.items[answer.GetId()]; waiting {
			delete(pending.items, answer.GetId())
			progress = true
			answered(answer)
		}
	}
}

func transport(ca, cert, key string) (credentials.TransportCredentials, error) {
	if ca == "" {
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", ca)
	}
	if cert != "" {
		own, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	return credentials.NewTLS(config), nil
}

func run() error {
	target := flag.String("target", "localhost:8080", "the server")
	ca := flag.String("ca", "", "connect with TLS and trust this authority")
	cert := flag.String("cert", "", "the certificate to show")
	key := flag.String("key", "", "its key")
	deadline := flag.Float64("deadline", 1, "seconds that classify and health wait")
	flag.Parse()
	credentials, err := transport(*ca, *cert, *key)
	if err != nil {
		return err
	}
	client, err := NewClient(*target, credentials, os.Getenv("NUNCHI_TOKEN"))
	if err != nil {
		return err
	}
	defer client.connection.Close()
	timeout := time.Duration(*deadline * float64(time.Second))

	switch flag.Arg(0) {
	case "health":
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		serving, err := client.Health(ctx)
		if err != nil {
			return err
		}
		fmt.Println(serving)
	case "classify":
		for _, text := range flag.Args()[1:] {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			answer, err := client.Classify(ctx, text)
			cancel()
			if err != nil {
				return err
			}
			fmt.Printf("%s\t%.4f\t%s\n", answer.GetLabel(), answer.GetConfidence(), text)
		}
	case "stream":
		// A reader: a scanner ends without a word at a line of more than 64 KiB.
		input := bufio.NewReader(os.Stdin)
		var broken error
		err := client.ClassifyAll(context.Background(), func() (string, bool) {
			line, err := input.ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				broken = err
			}
			if err != nil && line == "" {
				return "", false
			}
			return strings.TrimRight(line, "\r\n"), true
		}, print)
		return errors.Join(err, broken)
	default:
		fmt.Fprintln(os.Stderr, "One of: health, classify TEXT..., stream")
		os.Exit(2)
	}
	return nil
}

func print(answer *sentimentv1.StreamClassifyResponse) {
	if failure := answer.GetError(); failure != nil {
		fmt.Printf("%s\terror\t%s\n", answer.GetId(), failure.GetMessage())
		return
	}
	response := answer.GetResponse()
	fmt.Printf("%s\t%s\t%.4f\n", answer.GetId(), response.GetLabel(), response.GetConfidence())
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
