#!/usr/bin/env bash
# Runs a study over SLURM without Snakemake: an array of jobs for each wave of units, each array after the one before.
#   bash workflow/slurm-array.sh study.yaml [options of sbatch, as --time=12:00:00]
# GPU_OPTIONS holds options of sbatch for units on the GPU alone: GPU_OPTIONS="--gres=gpu:1 --cpus-per-task=4".
# VOXMASK holds the command where npx does not find it.
set -euo pipefail
study=$1
shift
voxmask=${VOXMASK:-npx voxmask}
read -ra gpu_options <<<"${GPU_OPTIONS:-}"
plan=$($voxmask study "$study" --plan)
# lines of: wave, whether on the GPU, id
units=$(sed -E 's/.*# id: ([^;]+); wave: ([0-9]+); gpu: (yes|no);.*/\2 \3 \1/' <<<"$plan" | sort -n -s -k1,1)

# Submits jobs that are queued again when they are taken off their node. Two to three minutes before its time is up, a job saves
# and queues itself again.
submit() {
  sbatch --parsable --requeue --open-mode=append --signal=B:TERM@120 "$@"
}

after=()
for wave in $(cut -d' ' -f1 <<<"$units" | uniq); do
  jobs=()
  for gpu in no yes; do
    ids=$(awk -v wave="$wave" -v gpu="$gpu" '$1 == wave && $2 == gpu { print $3 }' <<<"$units")
    [[ -n $ids ]] || continue
    count=$(wc -l <<<"$ids")
    options=("$@")
    [[ $gpu == no ]] || options+=("${gpu_options[@]}")
    job=$(
      submit --array="1-$count" --job-name="voxmask-$wave" "${after[@]}" "${options[@]}" <<JOB
#!/usr/bin/env bash
units=($(tr '\n' ' ' <<<"$ids"))
$voxmask study '$study' --unit "\${units[\$((SLURM_ARRAY_TASK_ID - 1))]}" &
unit=\$!
trap 'kill -TERM \$unit; stopped=yes' TERM
code=0
wait \$unit || code=\$?
# The trap ends the first wait before the unit has saved.
if [[ -n \${stopped:-} ]]; then code=0; wait \$unit || code=\$?; fi
job="\${SLURM_ARRAY_JOB_ID}_\$SLURM_ARRAY_TASK_ID"
# One that was cancelled, or that SLURM queues again by itself, no longer counts as running.
[[ \$code != 130 || -z \$(squeue -h -t RUNNING -j "\$job") ]] || scontrol requeue "\$job"
exit \$code
JOB
    )
    echo "wave $wave: job $job, $count units$([[ $gpu == no ]] || echo ' on the GPU')"
    jobs+=("$job")
  done
  # afterany: a unit that fails holds up only those that need it, and those say so themselves
  after=(--dependency="afterany:$(IFS=:; echo "${jobs[*]}")")
done
job=$(submit --job-name=voxmask-report "${after[@]}" "$@" --wrap "$voxmask study '$study'")
echo "what is left, and the report: job $job"
