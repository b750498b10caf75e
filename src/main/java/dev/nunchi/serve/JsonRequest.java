package dev.nunchi.serve;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.Truncation;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `ClassifyRequest` of the contract as JSON; a field that is null or missing has its default.
///
/// @param truncation a [Truncation] in lower case
@JsonNaming(SnakeCaseStrategy.class)
record JsonRequest(
    @Nullable String text,
    @Nullable String model,
    @Nullable String context,
    @Nullable String truncation,
    @Nullable Integer topK,
    @Nullable Double abstainBelow,
    @Nullable Evidence evidence) {

  static final JsonRequest EMPTY = new JsonRequest(null, null, null, null, null, null, null);

  /// `EvidenceOptions` of the contract.
  @JsonNaming(SnakeCaseStrategy.class)
  record Evidence(@Nullable Integer maxSpanCount) {
    private int spans() {
      return maxSpanCount == null ? 0 : maxSpanCount;
    }
  }

  /// @throws NunchiException `INVALID_ARGUMENT` for a policy that is none
  Query query() {
    return new Query(
        orEmpty(text),
        orEmpty(model),
        orEmpty(context),
        truncation == null ? Truncation.REJECT : truncation(truncation),
        topK == null ? 0 : topK,
        abstainBelow == null ? OptionalDouble.empty() : OptionalDouble.of(abstainBelow),
        evidence == null ? OptionalInt.empty() : OptionalInt.of(evidence.spans()));
  }

  private static String orEmpty(@Nullable String value) {
    return value == null ? "" : value;
  }

  private static Truncation truncation(String name) {
    return Arrays.stream(Truncation.values())
        .filter(truncation -> jsonName(truncation).equals(name))
        .findFirst()
        .orElseThrow(() ->
            NunchiException.ofField(
                Reason.INVALID_ARGUMENT,
                "truncation",
                "The truncation policy is not a known one; there are: "
                    + Arrays.stream(Truncation.values())
                        .map(JsonRequest::jsonName)
                        .collect(Collectors.joining(", "))));
  }

  static String jsonName(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
