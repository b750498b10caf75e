package dev.nunchi.bench;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.TruncationPolicy;
import java.time.Duration;
import java.util.Optional;

/// Where a server is, and how calls to it are made.
///
/// @param model that requests name; empty for the server's default
/// @param token of the caller, where the server asks for one
/// @param deadline of each call; of a stream that of each text
public record Address(
    String host,
    int port,
    Connections connections,
    String model,
    Optional<String> token,
    Optional<Duration> deadline) {
  /// Texts that are too long are cut, so that any file of texts is a load.
  ClassifyRequest request(String text) {
    return ClassifyRequest.newBuilder()
        .setText(text)
        .setModel(model)
        .setTruncation(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD)
        .build();
  }
}
