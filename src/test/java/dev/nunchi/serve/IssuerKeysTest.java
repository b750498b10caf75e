package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.OctJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.Test;

class IssuerKeysTest {
  private static final PublicJsonWebKey ONE = TestTokens.ecKey("one");
  private static final PublicJsonWebKey TWO = TestTokens.ecKey("two");

  private final AtomicLong nanos = new AtomicLong(-5);
  private final List<CompletableFuture<List<JsonWebKey>>> fetches = new ArrayList<>();
  private final IssuerKeys keys =
      new IssuerKeys("https://id.example", this::fetched, Duration.ofSeconds(10), nanos::get);

  private CompletableFuture<List<JsonWebKey>> fetched() {
    CompletableFuture<List<JsonWebKey>> fetch = new CompletableFuture<>();
    fetches.add(fetch);
    return fetch;
  }

  /// Whatever an attacker makes up: his keys cost the provider no more than a fetch each period.
  @Test
  void fetchIfDue_askedWithoutEnd_fetchesOnceInAPeriod() {
    assertTrue(keys.fetchIfDue().isPresent());
    for (int i = 0; i < 1_000; i++) {
      assertTrue(keys.fetchIfDue().isPresent());
    }
    assertEquals(1, fetches.size());
    fetches.getLast().complete(List.of(ONE));
    for (int i = 0; i < 1_000; i++) {
      assertEquals(Optional.empty(), keys.fetchIfDue());
      nanos.addAndGet(9_999_999);
    }
    assertEquals(1, fetches.size());
    nanos.addAndGet(1_000_000);
    CompletableFuture<Void> second = keys.fetchIfDue().orElseThrow();
    assertEquals(2, fetches.size());
    fetches.getLast().complete(List.of(ONE, TWO));
    assertTrue(second.isDone());
    assertEquals(List.of(ONE, TWO), keys.current().all());
  }

  @Test
  void fetch_fails_changesNothing() {
    CompletableFuture<Void> first = keys.fetch();
    fetches.getLast().complete(List.of(ONE));
    IssuerKeys.Current before = keys.current();
    assertEquals(List.of(ONE), before.all());

    CompletableFuture<Void> second = keys.fetch();
    fetches.getLast().completeExceptionally(new IOException("no way"));
    assertTrue(first.isDone() && second.isDone() && !second.isCompletedExceptionally());
    assertSame(before, keys.current());
    assertEquals(1, keys.failures());

    CompletableFuture<Void> third = keys.fetch();
    fetches.getLast().complete(List.of());
    assertTrue(third.isDone());
    assertSame(before, keys.current());
    assertEquals(2, keys.failures());
  }

  @Test
  void fetch_noneOfUse_changesNothing() {
    CompletableFuture<Void> _ = keys.fetch();
    fetches.getLast().complete(List.of(OctJwkGenerator.generateJwk(256)));
    assertEquals(List.of(), keys.current().all());
    assertEquals(1, keys.failures());
  }

  @Test
  void fetch_theSameKeys_keepsWhatWasVerifiedByThem() {
    CompletableFuture<Void> _ = keys.fetch();
    fetches.getLast().complete(List.of(ONE));
    IssuerKeys.Current before = keys.current();
    CompletableFuture<Void> _ = keys.fetch();
    fetches.getLast().complete(List.of(ONE));
    assertSame(before.verified(), keys.current().verified());
    CompletableFuture<Void> _ = keys.fetch();
    fetches.getLast().complete(List.of(TWO));
    assertNotSame(before.verified(), keys.current().verified());
    assertEquals(List.of(TWO), keys.current().all());
  }

  @Test
  void fetch_whatCameBreaksIt_letsTheNextBegin() {
    CompletableFuture<Void> first = keys.fetch();
    fetches.getLast().complete(Collections.singletonList(null));
    assertTrue(first.isDone());
    CompletableFuture<Void> _ = keys.fetch();
    assertEquals(2, fetches.size());
    fetches.getLast().complete(List.of(ONE));
    assertEquals(List.of(ONE), keys.current().all());
  }

  @Test
  void fetch_sourceThrows_isAFailureAsAnyOther() {
    IssuerKeys broken =
        new IssuerKeys(
            "https://id.example",
            () -> {
              throw new IllegalStateException("broken");
            },
            Duration.ofSeconds(10),
            nanos::get);
    assertTrue(broken.fetch().isDone());
    assertEquals(1, broken.failures());
    assertTrue(broken.fetch().isDone());
    assertEquals(2, broken.failures());
  }
}
