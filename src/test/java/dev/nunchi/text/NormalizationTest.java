package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class NormalizationTest {
  @Test
  void hash_standardAndNone_stayAsModelsHaveThem() {
    assertEquals(
        "a01f0021ff70e0423d4314327498492336e520158455a0710b7872a5cd56fe42",
        Normalization.STANDARD.hash());
    assertEquals(
        "0c59189f393d3ab4274ad213f7a9f76e1a20fba998c004c9d43c7bf1b7412b08",
        new Normalization(1, true, true, true, true, true, 3).hash());
    assertEquals(
        "ba5d823347bb5b9e5110d582c885407ac78ee4c8c223e6a87108086a9abc5a8a",
        Normalizer.of(Normalization.NONE).hash());
  }

  @Test
  void hash_versionOrAnySwitchChanged_differs() {
    List<Normalization> settings =
        List.of(
            Normalization.NONE,
            Normalization.STANDARD,
            new Normalization(1, true, true, true, true, true, 3),
            new Normalization(1, false, false, false, false, false, 0),
            new Normalization(1, false, true, true, true, true, 3),
            new Normalization(1, true, false, true, true, true, 3),
            new Normalization(1, true, true, false, true, true, 3),
            new Normalization(1, true, true, true, false, true, 3),
            new Normalization(1, true, true, true, true, false, 3),
            new Normalization(1, true, true, true, true, true, 2));
    assertEquals(settings.size(), settings.stream().map(Normalization::hash).distinct().count());
  }

  @Test
  void normalization_unknownVersion_isRefused() {
    for (int version : new int[] {-1, 3}) {
      NunchiException e =
          assertThrows(
              NunchiException.class,
              () -> new Normalization(version, true, true, true, true, true, 3));
      assertEquals(Reason.UNSUPPORTED_MODEL, e.reason());
      assertEquals(
          "normalization.version is %d; this build knows 0 to 2".formatted(version),
          e.getMessage());
    }
  }

  @Test
  void normalization_contradiction_isRefused() {
    Stream.<org.junit.jupiter.api.function.Executable>of(
            () -> new Normalization(1, true, true, true, true, true, -1),
            () -> new Normalization(2, true, true, true, true, true, 1),
            () -> new Normalization(0, true, false, false, false, false, 0),
            () -> new Normalization(0, false, false, false, false, false, 3))
        .forEach(contradiction ->
            assertEquals(
                Reason.INVALID_ARGUMENT,
                assertThrows(NunchiException.class, contradiction).reason()));
  }
}
