package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.TextFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

/// What `EventMessage` writes, read by the protocol buffer library.
class EventMessageProperties {
  /// The parts of TensorFlow's event.proto and summary.proto that the fields of scalars need.
  private static final String SCHEMA =
      """
      name: "event.proto" syntax: "proto3"
      message_type { name: "Event"
        field { name: "wall_time" number: 1 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
        field { name: "step" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL }
        field { name: "file_version" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
        field { name: "summary" number: 5 type: TYPE_MESSAGE type_name: ".Summary" label: LABEL_OPTIONAL }
        field { name: "session_log" number: 7 type: TYPE_MESSAGE type_name: ".SessionLog" label: LABEL_OPTIONAL }
      }
      message_type { name: "Summary"
        field { name: "value" number: 1 type: TYPE_MESSAGE type_name: ".Value" label: LABEL_REPEATED }
      }
      message_type { name: "Value"
        field { name: "tag" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
        field { name: "simple_value" number: 2 type: TYPE_FLOAT label: LABEL_OPTIONAL }
      }
      message_type { name: "SessionLog"
        field { name: "status" number: 1 type: TYPE_ENUM type_name: ".Status" label: LABEL_OPTIONAL }
      }
      enum_type { name: "Status"
        value { name: "STATUS_UNSPECIFIED" number: 0 } value { name: "START" number: 1 }
        value { name: "STOP" number: 2 } value { name: "CHECKPOINT" number: 3 }
      }
      """;

  @Property
  void scalars_any_areReadBack(
      @ForAll double wallTime,
      @ForAll @LongRange(min = 0) long step,
      @ForAll @Size(max = 5) Map<@StringLength(max = 300) String, Float> values)
      throws Exception {
    Map<String, Double> scalars = new LinkedHashMap<>();
    values.forEach((tag, value) -> scalars.put(tag, value.doubleValue()));
    DynamicMessage event = parse(EventMessage.scalars(wallTime, step, scalars));
    assertEquals(wallTime, get(event, "wall_time"));
    assertEquals(step, get(event, "step"));
    Map<Object, Object> read = new LinkedHashMap<>();
    for (Object value : (List<?>) get((DynamicMessage) get(event, "summary"), "value")) {
      read.put(get((DynamicMessage) value, "tag"), get((DynamicMessage) value, "simple_value"));
    }
    assertEquals(values, read);
    assertTrue(event.getUnknownFields().asMap().isEmpty());
  }

  @Property
  void sessionStart_any_isReadBack(@ForAll @LongRange(min = 0) long step) throws Exception {
    DynamicMessage event = parse(EventMessage.sessionStart(1.5, step));
    assertEquals(step, get(event, "step"));
    DynamicMessage log = (DynamicMessage) get(event, "session_log");
    assertEquals("START", ((EnumValueDescriptor) get(log, "status")).getName());
  }

  private static Object get(DynamicMessage message, String field) {
    return message.getField(message.getDescriptorForType().findFieldByName(field));
  }

  private static DynamicMessage parse(byte[] bytes) throws Exception {
    FileDescriptor file =
        FileDescriptor.buildFrom(
            TextFormat.parse(SCHEMA, FileDescriptorProto.class), new FileDescriptor[0]);
    return DynamicMessage.parseFrom(file.findMessageTypeByName("Event"), bytes);
  }
}
