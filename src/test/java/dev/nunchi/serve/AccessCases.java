package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.serve.SecureClient.Outcome;
import dev.nunchi.serve.TestAuthority.Issued;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each kind of caller with each kind of token at one kind of server, over gRPC and REST: 6 x 6 x 2
/// = 72 combinations; a subclass for each of three kinds of server makes them 216. A call passes if
/// and only if the connection is right and, health aside, the token too.
abstract class AccessCases {
  /// How a caller connects.
  enum Caller {
    PLAIN,
    TRUSTING,
    NOT_TRUSTING,
    WITH_CERTIFICATE,
    WITH_FOREIGN_CERTIFICATE,
    WITH_EXPIRED_CERTIFICATE
  }

  /// What it sends.
  enum Token {
    RIGHT,
    WRONG,
    NONE,
    WITHOUT_SCHEME,
    HEALTH_WITH_WRONG,
    HEALTH_WITH_NONE;

    boolean isHealth() {
      return this == HEALTH_WITH_WRONG || this == HEALTH_WITH_NONE;
    }

    @Nullable String header() {
      return switch (this) {
        case RIGHT -> "Bearer " + GuardedServer.TOKEN;
        case WRONG, HEALTH_WITH_WRONG -> "Bearer wrong-token-0123456789";
        case NONE, HEALTH_WITH_NONE -> null;
        case WITHOUT_SCHEME -> GuardedServer.TOKEN;
      };
    }
  }

  /// The callers whose connection this server takes.
  abstract Set<Caller> connecting();

  abstract SecureClient client(Caller caller);

  static Stream<Arguments> combinations() {
    return Arrays.stream(Caller.values())
        .flatMap(caller ->
            Arrays.stream(Token.values())
                .flatMap(token ->
                    Arrays.stream(Protocol.values())
                        .map(protocol -> Arguments.of(caller, token, protocol))));
  }

  @ParameterizedTest(name = "{0}, token {1}, {2}")
  @MethodSource("combinations")
  void call_combination_passesOnlyIfEverythingIsRight(Caller caller, Token token, Protocol protocol)
      throws Exception {
    SecureClient client = client(caller);
    Outcome outcome =
        switch (protocol) {
          case GRPC -> client.grpc(token.isHealth(), token.header());
          case REST -> client.rest(token.isHealth(), token.header());
        };
    Outcome expected =
        !connecting().contains(caller)
            ? Outcome.NO_CONNECTION
            : token.isHealth() || token == Token.RIGHT ? Outcome.OK : Outcome.UNAUTHENTICATED;
    assertEquals(expected, outcome);
  }

  @Test
  void combinations_ofThisServer_are72() {
    assertEquals(72, combinations().count());
  }

  /// A caller of a server with TLS, whose files are in that directory.
  static SecureClient tlsClient(int port, Path files, Caller caller) {
    Optional<Path> authority = Optional.of(files.resolve("authority.pem"));
    return switch (caller) {
      case PLAIN -> new SecureClient(port, Optional.empty(), Optional.empty());
      case TRUSTING -> new SecureClient(port, authority, Optional.empty());
      case NOT_TRUSTING ->
          new SecureClient(port, Optional.of(files.resolve("stranger.pem")), Optional.empty());
      case WITH_CERTIFICATE -> new SecureClient(port, authority, own(files, "client"));
      case WITH_FOREIGN_CERTIFICATE -> new SecureClient(port, authority, own(files, "foreign"));
      case WITH_EXPIRED_CERTIFICATE -> new SecureClient(port, authority, own(files, "expired"));
    };
  }

  private static Optional<Issued> own(Path files, String name) {
    Path certificate = files.resolve(name + ".pem");
    assertTrue(Files.exists(certificate), name);
    return Optional.of(new Issued(certificate, files.resolve(name + ".key")));
  }
}
