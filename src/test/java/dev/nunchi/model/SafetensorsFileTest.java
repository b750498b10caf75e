package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
  @TempDir Path directory;

  @Test
  void map_tensorsOutOfOrder_areGivenInTheOrderOfTheirBytes() throws IOException {
    Path file =
        write(
            """
            {"__metadata__": {"format": "pt"},
             "b": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]},
             "none": {"dtype": "F32", "shape": [0, 3], "data_offsets": [2, 2]},
             "a": {"dtype": "U8", "shape": [], "data_offsets": [0, 1]},
             "c": {"dtype": "BOOL", "shape": [1, 1], "data_offsets": [1, 2]}}\
            """,
            4);
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> weights = SafetensorsFile.map(file, arena);
      assertEquals(List.of("a", "c", "none", "b"), List.copyOf(weights.keySet()));
      assertEquals(List.of(0, 3), weight(weights, "none").shape());
      assertEquals(ElementType.BOOL, weight(weights, "c").type());
      assertEquals(2, weight(weights, "b").data().byteSize());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]} | not valid JSON",
        "[] | does not hold a JSON object",
        "{\"a\": 1} | dtype of a is missing",
        "{\"a\": {\"dtype\": \"F8_E4M3\", \"shape\": [4], \"data_offsets\": [0, 4]}}"
            + " | dtype of a is \"F8_E4M3\"",
        "{\"a\": {\"dtype\": \"F32\", \"data_offsets\": [0, 4]}} | shape of a is missing",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}"
            + " | shape of a holds -1",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0]}}"
            + " | data_offsets of a are [0]",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 4]}}"
            + " | F32 [2] takes 8 bytes",
        "{\"a\": {\"dtype\": \"F64\", \"shape\": [2000000000, 2000000000],"
            + " \"data_offsets\": [0, 4]}} | takes too many bytes",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}}"
            + " | truncated: a ends at byte 8 of the data, of which there are 4",
        "{\"a\": {\"dtype\": \"U8\", \"shape\": [2], \"data_offsets\": [2, 4]}}"
            + " | data_offsets of a begin at 2, where 0 was expected",
        "{\"a\": {\"dtype\": \"U8\", \"shape\": [3], \"data_offsets\": [0, 3]},"
            + " \"b\": {\"dtype\": \"U8\", \"shape\": [2], \"data_offsets\": [2, 4]}}"
            + " | data_offsets of b begin at 2, where 3 was expected",
        "{\"a\": {\"dtype\": \"U8\", \"shape\": [3], \"data_offsets\": [0, 3]}}"
            + " | 4 bytes of data, of which the tensors take 3",
        "{\"a\": {\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [0, 4]},"
            + " \"a\": {\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [0, 4]}}"
            + " | has the key 'a' twice",
      })
  void map_malformedHeader_isRefusedNamingFileAndFault(String header, String fault)
      throws IOException {
    assertInvalid(write(header, 4), fault);
  }

  @Test
  void map_fewerThanEightBytes_isRefused() throws IOException {
    assertInvalid(Files.write(directory.resolve("short"), new byte[7]), "it has 7 bytes");
    assertInvalid(Files.write(directory.resolve("empty"), new byte[0]), "it has 0 bytes");
  }

  @Test
  void map_headerLongerThanTheFile_isRefusedAsTruncated() throws IOException {
    byte[] bytes = {100, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    assertInvalid(
        Files.write(directory.resolve("cut"), bytes),
        "truncated: the header takes 100 bytes, of which there are 2");
  }

  @Test
  void map_absurdHeaderLength_isRefused() throws IOException {
    byte[] bytes = {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'};
    assertInvalid(
        Files.write(directory.resolve("absurd"), bytes),
        "its header length is 18446744073709551615");
  }

  @Test
  void map_noFile_isRefused() {
    assertInvalid(directory.resolve("nowhere.safetensors"), "is missing");
  }

  private static Weight weight(Map<String, Weight> weights, String name) {
    return Objects.requireNonNull(weights.get(name), name);
  }

  private Path write(String header, int dataBytes) throws IOException {
    return SafetensorsBytes.write(directory.resolve("x.safetensors"), header, new byte[dataBytes]);
  }

  private static void assertInvalid(Path file, String fault) {
    try (Arena arena = Arena.ofConfined()) {
      NunchiException e =
          assertThrows(NunchiException.class, () -> SafetensorsFile.map(file, arena));
      assertEquals(Reason.INVALID_MODEL, e.reason());
      assertTrue(e.getMessage().contains(fault), e.getMessage());
      assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }
  }
}
