module nunchi.dev/example

go 1.24

require (
	google.golang.org/grpc v1.76.0
	google.golang.org/protobuf v1.36.10
	nunchi.dev/sentiment/v1 v0.0.0
)

// What protoc generates; see main.go.
replace nunchi.dev/sentiment/v1 => ./sentiment
