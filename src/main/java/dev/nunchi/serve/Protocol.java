package dev.nunchi.serve;

/// How a request came; a tag of the metrics.
enum Protocol {
  GRPC("grpc"),
  REST("rest");

  private final String tag;

  Protocol(String tag) {
    this.tag = tag;
  }

  String tag() {
    return tag;
  }
}
