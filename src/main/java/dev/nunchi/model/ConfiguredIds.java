package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.text.KeptIds;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The ids of tokens in a `config.json`: `pad_token_id`, `eos_token_id` and others of such names,
/// one number or a list.
final class ConfiguredIds {
  private static final String END = "_token_id";

  private ConfiguredIds() {}

  /// By their keys; a number below 0 means none.
  static Map<String, List<Integer>> in(ObjectNode config) {
    Map<String, List<Integer>> ids = new TreeMap<>();
    for (Map.Entry<String, JsonNode> property : config.properties()) {
      if (property.getKey().endsWith(END)) {
        JsonNode value = property.getValue();
        List<JsonNode> all = value.isArray() ? value.valueStream().toList() : List.of(value);
        ids.put(
            property.getKey(),
            all.stream()
                .filter(JsonNode::isInt)
                .map(JsonNode::intValue)
                .filter(id -> id >= 0)
                .toList());
      }
    }
    return ids;
  }

  /// A copy with new ids.
  ///
  /// @param kept has all of them
  static ObjectNode renumbered(ObjectNode config, KeptIds kept) {
    ObjectNode copy = config.deepCopy();
    for (String key : in(config).keySet()) {
      JsonNode value = copy.path(key);
      if (value instanceof ArrayNode list) {
        for (int i = 0; i < list.size(); i++) {
          list.set(i, renumbered(list.get(i), kept));
        }
      } else {
        copy.set(key, renumbered(value, kept));
      }
    }
    return copy;
  }

  private static JsonNode renumbered(JsonNode id, KeptIds kept) {
    return id.isInt() && id.intValue() >= 0 ? IntNode.valueOf(kept.newId(id.intValue())) : id;
  }
}
