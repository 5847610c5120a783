import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;

/**
 * The least a Java program must do to know which shared files the checkpoints of a job refer to:
 * Flink's own loader, and Flink's own registry. It then knows the last checkpoint of each file,
 * not all of them.
 */
public class Registry {
    public static void main(String[] args) throws Exception {
        File[] checkpoints = new File(args[0]).listFiles((dir, name) -> name.startsWith("chk-"));
        Arrays.sort(checkpoints, Comparator.comparing(dir -> Long.valueOf(dir.getName().substring(4))));
        // Whatever the registry asks to delete stays.
        SharedStateRegistryImpl registry = new SharedStateRegistryImpl(command -> {});
        for (File dir : checkpoints) {
            File file = new File(dir, "_metadata");
            try (DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(file)))) {
                CheckpointMetadata metadata =
                        Checkpoints.loadCheckpointMetadata(in, Registry.class.getClassLoader(), "file:" + dir);
                for (OperatorState operator : metadata.getOperatorStates()) {
                    operator.registerSharedStates(registry, metadata.getCheckpointId());
                }
            }
        }
        Field states = SharedStateRegistryImpl.class.getDeclaredField("registeredStates");
        states.setAccessible(true);
        System.out.println(((Map<?, ?>) states.get(registry)).size() + " shared files");
    }
}
