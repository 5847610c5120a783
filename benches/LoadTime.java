import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;

/** The least a Java program must do: Flink's own loader, then one line for each operator. */
public class LoadTime {
    public static void main(String[] args) throws Exception {
        File file = new File(args[0]);
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(file)))) {
            for (OperatorState operator : Checkpoints.loadCheckpointMetadata(
                            in, LoadTime.class.getClassLoader(), "file:" + file.getParent())
                    .getOperatorStates()) {
                System.out.println(operator.getOperatorID() + " " + operator.getParallelism() + " " + operator.getStateSize());
            }
        }
    }
}
