package dev.nunchi.bench;

import java.util.List;

/// How texts reach a server.
public enum Protocol {
  /// `Classify` of gRPC: a text a call.
  UNARY,
  /// `BatchClassify` of gRPC: several texts a call.
  BATCH,
  /// `StreamClassify` of gRPC: a stream at a time on each connection.
  STREAM,
  /// `POST /v1/classify`: a text a call.
  REST;

  /// @param texts taken in a circle
  /// @param batchSize texts in a call of [#BATCH]
  /// @param textsInStream after which a stream of [#STREAM] ends and another begins; 0: never
  public Target open(Address address, List<String> texts, int batchSize, int textsInStream) {
    Texts circle = new Texts(texts);
    return switch (this) {
      case UNARY -> new GrpcTarget(address, circle, 1);
      case BATCH -> new GrpcTarget(address, circle, batchSize);
      case STREAM -> new StreamTarget(address, circle, textsInStream);
      case REST -> new RestTarget(address, circle);
    };
  }
}
