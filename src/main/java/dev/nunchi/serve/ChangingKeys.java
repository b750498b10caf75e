package dev.nunchi.serve;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// The server's key and certificate, which may be exchanged at any moment: each handshake goes on
/// with the pair that it began with, the next has the new one.
///
/// A handshake asks for a name, then for what has that name; so each pair has a name of its own,
/// and the one before the last stays known. Vert.x' way, another TLS context for the listening
/// port, has a moment in which there is none, and connections that open then are lost
/// (`NullPointerException` in `SslContextUpdate`, 4.5).
final class ChangingKeys extends X509ExtendedKeyManager {
  private volatile Generations generations;

  /// The pair that is shown, and the one that was before.
  private record Generations(
      long number, X509ExtendedKeyManager now, X509ExtendedKeyManager before) {}

  ChangingKeys(TlsIdentity identity) {
    X509ExtendedKeyManager first = identity.keyManager(name(0));
    generations = new Generations(0, first, first);
  }

  /// To be called by one thread.
  void change(TlsIdentity identity) {
    Generations last = generations;
    long number = last.number() + 1;
    generations = new Generations(number, identity.keyManager(name(number)), last.now());
  }

  private static String name(long number) {
    return "certificate-" + number;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    return generations.now().chooseEngineServerAlias(keyType, issuers, engine);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, Socket socket) {
    return generations.now().chooseServerAlias(keyType, issuers, socket);
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return generations.now().getServerAliases(keyType, issuers);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Generations known = generations;
    X509Certificate[] chain = known.now().getCertificateChain(alias);
    return chain == null ? known.before().getCertificateChain(alias) : chain;
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Generations known = generations;
    PrivateKey key = known.now().getPrivateKey(alias);
    return key == null ? known.before().getPrivateKey(alias) : key;
  }

  /// The server is no client.
  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }
}
