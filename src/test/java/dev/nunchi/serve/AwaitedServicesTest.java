package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AwaitedServicesTest {
  private final AwaitedServices awaited = new AwaitedServices("served"::equals);

  @Test
  void of_thousandsOfNamesThatNothingHas_areFewAndThenOne() {
    Set<String> kept =
        IntStream.range(0, 5000).mapToObj(i -> awaited.of("name " + i)).collect(Collectors.toSet());
    assertEquals(257, kept.size());
    assertTrue(kept.contains(AwaitedServices.NEVER));
    assertEquals("name 3", awaited.of("name 3"));
    assertEquals("served", awaited.of("served"));
  }

  @Test
  void of_nameThatAModelMayGetYet_isWaitedForAndOneTooLongIsNot() {
    assertEquals("nunchi.v1/영화", awaited.of("nunchi.v1/영화"));
    assertEquals(AwaitedServices.NEVER, awaited.of("x".repeat(1_000_000)));
  }
}
