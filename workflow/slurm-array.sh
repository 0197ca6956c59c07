#!/usr/bin/env bash
# Runs a study over SLURM without Snakemake: an array of jobs for each wave of units, each array after the one before.
#   bash workflow/slurm-array.sh study.yaml [options of sbatch, as --gres=gpu:1 --time=12:00:00]
set -euo pipefail
study=$1
shift
voxmask=${VOXMASK:-npx voxmask}
plan=$($voxmask study "$study" --plan)
waves=$(sed -E 's/.*# id: ([^;]+); wave: ([0-9]+);.*/\2 \1/' <<<"$plan" | sort -n -s -k1,1)
after=()
for wave in $(cut -d' ' -f1 <<<"$waves" | uniq); do
  units=$(awk -v wave="$wave" '$1 == wave { print $2 }' <<<"$waves")
  count=$(wc -l <<<"$units")
  # afterany: a unit that fails holds up only those that need it, and those say so themselves
  job=$(
    sbatch --parsable --array="1-$count" --job-name="voxmask-$wave" "${after[@]}" "$@" <<JOB
#!/usr/bin/env bash
units=($(tr '\n' ' ' <<<"$units"))
exec $voxmask study '$study' --unit "\${units[\$((SLURM_ARRAY_TASK_ID - 1))]}"
JOB
  )
  echo "wave $wave: job $job, $count units"
  after=(--dependency="afterany:$job")
done
job=$(sbatch --parsable --job-name=voxmask-report "${after[@]}" "$@" --wrap "$voxmask study '$study'")
echo "what is left, and the report: job $job"
