using System.Net;
using System.Text.Json;
using GroupBuyActors.Groups;
using GroupBuyActors.Retention;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Retention;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Admin;

/// <summary>A silo of its own: its notices fail for good, and a merchant's policies are changed.</summary>
public sealed class MendingSilo()
    : TestSilo(["--GroupBuy:Tasks:Notify:Weight", "7", "--GroupBuy:Tasks:payment-check:Concurrency", "3"]);

public sealed class TaskMendingContractTests(MendingSilo silo) : IClassFixture<MendingSilo>
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task DeadLettersAreFoundCountedAndRedriven()
    {
        var group = await WithDeadLettersAsync(3);
        var letters = Items(
            await _api.GetAsync($"/v1/admin/dead-letters?groupId={group}&type=notify&merchantId={group.MerchantId}")
        );
        Assert.Equal(3, letters.Length);
        Assert.All(letters, letter => Assert.Equal("dead", letter.GetProperty("status").GetString()));
        Assert.All(letters, letter => Assert.False(string.IsNullOrEmpty(letter.GetProperty("lastError").GetString())));
        Assert.Empty(Items(await _api.GetAsync($"/v1/admin/dead-letters?groupId={group}&to=2020-01-01T00:00:00Z")));
        Assert.Equal(3, Items(await _api.GetAsync($"/v1/admin/tasks?groupId={group}&status=dead")).Length);

        var count = (
            await _api.PostAsync("/v1/admin/dead-letters/redrive", $$"""{"groupId":"{{group}}","dryRun":true}""")
        ).Is(HttpStatusCode.OK);
        Assert.Equal(("3", "True"), (count["count"], count["dryRun"]));

        var given = letters[1].GetProperty("taskId").GetString()!;
        Assert.NotNull((await _api.PostAsync($"/v1/admin/tasks/{given}/dismiss")).Is(HttpStatusCode.OK)["dismissedAt"]);
        Assert.Equal(
            given,
            Assert
                .Single(Items(await _api.GetAsync($"/v1/admin/dead-letters?groupId={group}&dismissed=true")))
                .GetProperty("taskId")
                .GetString()
        );
        Assert.Equal(
            "2",
            (await _api.PostAsync("/v1/admin/dead-letters/redrive", $$"""{"groupId":"{{group}}","dryRun":true}""")).Is(
                HttpStatusCode.OK
            )["count"]
        );

        await FaultsAsync("{}");
        (await _api.PostAsync($"/v1/admin/tasks/{given}/redrive")).Is(HttpStatusCode.OK);
        (await _api.PostAsync($"/v1/admin/tasks/{given}/dismiss")).Is(HttpStatusCode.Conflict, "task.wrong_status");
        var one = letters[0].GetProperty("taskId").GetString()!;
        (await _api.PostAsync($"/v1/admin/tasks/{one}/redrive", key: $"redrive-{one}")).Is(HttpStatusCode.OK);
        Assert.True(
            (await _api.PostAsync($"/v1/admin/tasks/{one}/redrive", key: $"redrive-{one}"))
                .Is(HttpStatusCode.OK)
                .IsReplayed
        );
        (await _api.PostAsync($"/v1/admin/tasks/{one}/redrive")).Is(HttpStatusCode.Conflict, "task.wrong_status");

        var redrive = (
            await _api.PostAsync("/v1/admin/dead-letters/redrive", $$"""{"groupId":"{{group}}","ratePerSecond":100}""")
        ).Is(HttpStatusCode.Accepted);
        Assert.Equal("1", redrive["total"]);
        var path = $"/v1/admin/dead-letters/redrives/{redrive["redriveId"]}";
        await Api.Until(async () => (await _api.GetAsync(path)).Is(HttpStatusCode.OK)["status"] == "completed");
        Assert.Equal(("1", "0"), ((await _api.GetAsync(path))["done"], (await _api.GetAsync(path))["refused"]));
        await Api.Until(async () => (await _api.GetAsync($"/v1/admin/tasks/{one}"))["status"] == "success");
        Assert.Empty(Items(await _api.GetAsync($"/v1/admin/dead-letters?groupId={group}&redriven=false")));
        // The answer is remembered under the kind that the purge goes by, and is too young for it.
        Assert.Equal(
            new PurgeStep(0, true),
            await silo
                .Services.GetServices<IRetainedKind>()
                .Single(kind => kind.Kind == "answers")
                .StepAsync(500, default)
        );
        Assert.True(
            await silo
                .Services.GetRequiredService<GrainStorageMaintenance>()
                .PurgeAsync(IdempotencyGrain.StateName, DateTimeOffset.MaxValue, 1_000, default) > 0
        );
        (await _api.GetAsync("/v1/admin/dead-letters/redrives/none")).Is(HttpStatusCode.NotFound, "redrive.not_found");
    }

    [Fact]
    public async Task ARedriveCanBeStopped()
    {
        var group = await WithDeadLettersAsync(4);
        var redrive = (
            await _api.PostAsync("/v1/admin/dead-letters/redrive", $$"""{"groupId":"{{group}}","ratePerSecond":1}""")
        ).Is(HttpStatusCode.Accepted);
        var stopped = (await _api.PostAsync($"/v1/admin/dead-letters/redrives/{redrive["redriveId"]}/stop")).Is(
            HttpStatusCode.OK
        );
        Assert.Equal("stopped", stopped["status"]);
        Assert.True(int.Parse(stopped["done"], System.Globalization.CultureInfo.InvariantCulture) < 4);
        await FaultsAsync("{}");
    }

    [Fact]
    public async Task EveryFaultyFieldOfARedriveIsNamed()
    {
        var answer = await _api.PostAsync(
            "/v1/admin/dead-letters/redrive",
            """
            {"type":"nonsense","merchantId":0,"groupId":"x","shard":"y","from":"yesterday","error":"",
             "ratePerSecond":0}
            """
        );
        answer.Is(HttpStatusCode.BadRequest, "request.invalid");
        Assert.Equal(["error", "from", "groupId", "merchantId", "ratePerSecond", "shard", "type"], answer.FaultyFields);
        Assert.Equal(
            ["from", "redriven", "type"],
            (await _api.GetAsync("/v1/admin/dead-letters?type=x&from=yesterday&redriven=maybe"))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
    }

    [Fact]
    public async Task TasksAreCalledOffUnlessAGroupDependsOnThem()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, 3)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created)["orderId"];
        var close = Items(await _api.GetAsync($"/v1/admin/tasks?groupId={group}&type=order-close"))
            .Single()
            .GetProperty("taskId")
            .GetString();
        (await _api.PostAsync($"/v1/admin/tasks/{close}/cancel")).Is(HttpStatusCode.Conflict, "task.needed");
        (await _api.PostAsync($"/v1/admin/tasks/{close}/redrive")).Is(HttpStatusCode.Conflict, "task.wrong_status");
        (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK);
        (await _api.PostAsync($"/v1/admin/tasks/{close}/run-now")).Is(HttpStatusCode.Conflict, "task.wrong_status");

        var check = Items(await _api.GetAsync($"/v1/admin/tasks?groupId={group}&type=payment-check"))
            .Single()
            .GetProperty("taskId")
            .GetString();
        var pending = (await _api.GetAsync($"/v1/admin/tasks/{check}")).Is(HttpStatusCode.OK);
        Assert.Equal("pending", pending["status"]);
        Assert.StartsWith("Its due time", pending["waitingFor"], StringComparison.Ordinal);
        Assert.Contains("order.closed", pending["story"], StringComparison.Ordinal);
        Assert.Equal(
            ["executeAt"],
            (await _api.PostAsync($"/v1/admin/tasks/{check}/reschedule", "{}"))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
        Assert.Equal(
            ["weight"],
            (await _api.PostAsync($"/v1/admin/tasks/{check}/weigh", """{"weight":1001}"""))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
        (await _api.PostAsync($"/v1/admin/tasks/{close}/weigh", """{"weight":5}""")).Is(
            HttpStatusCode.Conflict,
            "task.wrong_status"
        );
        var weighed = (await _api.PostAsync($"/v1/admin/tasks/{check}/weigh", """{"weight":5}""")).Is(
            HttpStatusCode.OK
        );
        Assert.Equal(("5", "7"), (weighed["weight"], weighed["priorityWeight"]));
        var moved = (
            await _api.PostAsync($"/v1/admin/tasks/{check}/reschedule", """{"executeAt":"2031-01-01T00:00:00Z"}""")
        ).Is(HttpStatusCode.OK);
        Assert.Equal(("2031-01-01T00:00:00.000Z", "3"), (moved["executeAt"], moved["version"]));
        Assert.Equal(
            "cancelled",
            (await _api.PostAsync($"/v1/admin/tasks/{check}/cancel")).Is(HttpStatusCode.OK)["status"]
        );
        Assert.Empty(Items(await _api.PostAsync($"/v1/admin/orders/{order}/cancel-tasks")));
        (await _api.PostAsync($"/v1/admin/tasks/{check}/cancel")).Is(HttpStatusCode.Conflict, "task.wrong_status");
        (await _api.PostAsync($"/v1/admin/tasks/groups:{group}:999:order-close:0/cancel")).Is(
            HttpStatusCode.NotFound,
            "task.not_found"
        );
        (await _api.PostAsync("/v1/admin/tasks/nonsense/run-now")).Is(HttpStatusCode.NotFound, "task.not_found");
        var outcomes = Items(await _api.PostAsync($"/v1/admin/groups/{group}/cancel-tasks"));
        Assert.Equal(
            ["after"],
            (await _api.PostAsync($"/v1/admin/groups/{group}/cancel-tasks", """{"after":"nonsense"}"""))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
        Assert.All(outcomes, outcome => Assert.Equal("needed", outcome.GetProperty("outcome").GetString()));
        Assert.Contains(
            Items(await _api.GetAsync("/v1/admin/audit?limit=500")),
            entry =>
                entry.GetProperty("action").GetString() == "task.cancel"
                && entry.GetProperty("target").GetString() == check
        );
    }

    /// <summary>
    /// One call with the first instant used to end the process, and every silo's that took the shard over.
    /// </summary>
    [Theory]
    [InlineData("reschedule", "executeAt", "\"0001-01-01T00:00:00Z\"")]
    [InlineData("reschedule", "executeAt", "\"1999-12-31T23:59:59.999Z\"")]
    [InlineData("reschedule", "executeAt", "\"9999-01-01T00:00:00Z\"")]
    [InlineData("reschedule", "executeAt", "\"9999-12-31T23:59:59.999Z\"")]
    [InlineData("reschedule", "executeAt", "\"10000-01-01T00:00:00Z\"")]
    [InlineData("reschedule", "executeAt", "\"2031-01-01\"")]
    [InlineData("weigh", "weight", "-1001")]
    [InlineData("weigh", "weight", "2147483647")]
    [InlineData("weigh", "weight", "-2147483648")]
    [InlineData("weigh", "weight", "1e300")]
    public async Task TimesAndWeightsOutOfBoundsAreRefusedAndChangeNothing(string action, string field, string value)
    {
        var check = await PendingCheckAsync();
        var before = (await _api.GetAsync($"/v1/admin/tasks/{check}")).Is(HttpStatusCode.OK);
        var answer = await _api.PostAsync($"/v1/admin/tasks/{check}/{action}", $$"""{"{{field}}":{{value}}}""");
        Assert.Equal([field], answer.Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields);
        var after = (await _api.GetAsync($"/v1/admin/tasks/{check}")).Is(HttpStatusCode.OK);
        Assert.Equal(
            (before["version"], before["executeAt"], before["weight"]),
            (after["version"], after["executeAt"], after["weight"])
        );
        (await _api.GetAsync("/health/ready")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task ATimeThatHasPassedIsNow()
    {
        var check = await PendingCheckAsync();
        (await _api.PostAsync($"/v1/admin/tasks/{check}/reschedule", """{"executeAt":"2000-01-01T00:00:00Z"}""")).Is(
            HttpStatusCode.OK
        );
        await Api.Until(async () => (await _api.GetAsync($"/v1/admin/tasks/{check}"))["status"] == "success");
    }

    /// <summary>The group used to stay as it was until the year 9000, its paid buyer without a voucher.</summary>
    [Fact]
    public async Task WhatAGroupDependsOnIsBroughtForwardButNotPutOff()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, 3)).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
        foreach (var type in (string[])[OrderClose.TypeName, GroupDeadline.TypeName])
        {
            var task = Items(await _api.GetAsync($"/v1/admin/tasks?groupId={group}&type={type}")).Single();
            var (id, due) = (task.GetProperty("taskId").GetString(), task.GetProperty("executeAt").GetDateTimeOffset());
            (await _api.PostAsync($"/v1/admin/tasks/{id}/reschedule", """{"executeAt":"9000-01-01T00:00:00Z"}""")).Is(
                HttpStatusCode.Conflict,
                "task.needed"
            );
            var sooner = due.AddMinutes(-5)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(
                sooner,
                (await _api.PostAsync($"/v1/admin/tasks/{id}/reschedule", $$"""{"executeAt":"{{sooner}}"}""")).Is(
                    HttpStatusCode.OK
                )["executeAt"]
            );
        }

        var check = (await _api.GetAsync($"/v1/admin/groups/{group}/tasks-check")).Is(HttpStatusCode.OK);
        Assert.Equal(("True", "[]"), (check["holds"], check["late"]));
        Assert.Equal(
            "OPENING",
            (await _api.PostAsync($"/v1/admin/groups/{group}/settle")).Is(HttpStatusCode.OK)["state"]
        );
    }

    [Fact]
    public async Task RunNowAsksTheProviderAtOnce()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, 3)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created)["orderId"];
        (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK);
        var check = Items(await _api.GetAsync($"/v1/admin/tasks?groupId={group}&type=payment-check"))
            .Single()
            .GetProperty("taskId")
            .GetString();
        (await _api.PostAsync($"/v1/admin/tasks/{check}/run-now")).Is(HttpStatusCode.OK);
        await Api.Until(async () => (await _api.GetAsync($"/v1/admin/tasks/{check}"))["status"] == "success");
    }

    [Fact]
    public async Task APolicyIsReadAndChangedWhileRunning()
    {
        var before = (await _api.GetAsync("/v1/admin/policies/refund")).Is(HttpStatusCode.OK);
        Assert.Equal(
            ("refund", "0", "4", "PT0.1S"),
            (before["taskType"], before["version"], before["weight"], before["baseDelay"])
        );
        var changed = (
            await _api.PutAsync("/v1/admin/policies/refund", """{"weight":9,"baseDelay":"PT1S","alertAfter":3}""")
        ).Is(HttpStatusCode.OK);
        Assert.Equal(
            ("1", "9", "PT1S", "3"),
            (changed["version"], changed["weight"], changed["baseDelay"], changed["alertAfter"])
        );
        (await _api.PutAsync("/v1/admin/policies/refund", """{"weight":1,"version":0}""")).Is(
            HttpStatusCode.Conflict,
            "policy.changed"
        );
        var again = (await _api.PutAsync("/v1/admin/policies/refund", """{"version":1}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("2", "4", "PT0.1S"), (again["version"], again["weight"], again["baseDelay"]));
        Assert.Equal(again.Text, (await _api.GetAsync("/v1/admin/policies/refund")).Text);
        Assert.Contains(
            Items(await _api.GetAsync("/v1/admin/audit?limit=500")),
            entry =>
                entry.GetProperty("action").GetString() == "policy.change"
                && entry.GetProperty("detail").GetString() == """{"baseDelay":"PT1S","weight":9,"alertAfter":3}"""
        );
    }

    [Fact]
    public async Task ABadPolicyIsRefusedNamingEachField()
    {
        var answer = await _api.PutAsync(
            "/v1/admin/policies/notify",
            """{"concurrency":0,"baseDelay":"soon","weight":1.5,"backoff":"sometimes","colour":"red"}"""
        );
        answer.Is(HttpStatusCode.UnprocessableEntity, "policy.invalid");
        Assert.Equal(["backoff", "baseDelay", "colour", "weight"], answer.FaultyFields.Except(["concurrency"]));
        Assert.Equal(
            ["retryCountMax"],
            (await _api.PutAsync("/v1/admin/policies/group-deadline", """{"retryCountMax":1}"""))
                .Is(HttpStatusCode.UnprocessableEntity, "policy.invalid")
                .FaultyFields
        );
        (await _api.PutAsync("/v1/admin/policies/notify", "[]")).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await _api.GetAsync("/v1/admin/policies/nonsense")).Is(HttpStatusCode.NotFound, "task.type_unknown");
        (await _api.PutAsync("/v1/admin/policies/nonsense", "{}")).Is(HttpStatusCode.NotFound, "task.type_unknown");
        Assert.Equal("0", (await _api.GetAsync("/v1/admin/policies/notify"))["version"]);
    }

    [Fact]
    public async Task NoTaskOfAGroupIsLostOrLeftOver()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, 3)).Is(HttpStatusCode.Created);
        for (var n = 1; n <= 2; n++)
            (await _api.JoinAsync(group, $"buyer-{n}")).Is(HttpStatusCode.Created);
        var check = (await _api.GetAsync($"/v1/admin/groups/{group}/tasks-check")).Is(HttpStatusCode.OK);
        Assert.Equal(("True", "3", "6"), (check["holds"], check["pending"], check["sequence"]));
        (await _api.GetAsync("/v1/admin/groups/1.SH.nothing/tasks-check")).Is(
            HttpStatusCode.NotFound,
            "group.not_found"
        );
    }

    [Fact]
    public async Task TheDailyScanShowsItsNextFirings()
    {
        var scan = Items(await _api.GetAsync("/v1/admin/schedules?limit=3"))
            .Single(schedule => schedule.GetProperty("job").GetString() == "voucher-scan");
        Assert.Equal(
            ("voucher-scan", "Asia/Shanghai", "once"),
            (
                scan.GetProperty("job").GetString(),
                scan.GetProperty("zone").GetString(),
                scan.GetProperty("misfire").GetString()
            )
        );
        Assert.All(
            scan.GetProperty("next").EnumerateArray(),
            firing => Assert.Equal(new TimeSpan(16, 0, 0), firing.GetDateTimeOffset().TimeOfDay)
        );
        Assert.Equal(3, scan.GetProperty("next").GetArrayLength());
    }

    [Fact]
    public async Task TheConfigurationSetsPolicies()
    {
        Assert.Equal("7", (await _api.GetAsync("/v1/admin/policies/notify"))["weight"]);
        Assert.Equal("3", (await _api.GetAsync("/v1/admin/policies/payment-check"))["concurrency"]);
        Assert.Equal(TaskRegistrations.Types.All.Count, Items(await _api.GetAsync("/v1/admin/policies")).Length);
    }

    [Fact]
    public async Task TheEnginesMetricsAreThere()
    {
        await WithDeadLettersAsync(1);
        await FaultsAsync("{}");
        var metrics = (await _api.GetAsync("/metrics")).Text;
        foreach (
            var name in (string[])
                [
                    "task_pending_total{",
                    "task_due_backlog{",
                    "task_lateness_seconds_bucket{",
                    "task_execution_duration_seconds_bucket{",
                    "task_dead_letters_total{",
                    "task_canary_late_seconds",
                    "shard_owned",
                ]
        )
            Assert.Contains($"\n{name}", metrics, StringComparison.Ordinal);
    }

    /// <summary>An order cancelled before payment: its provider is asked in ten minutes.</summary>
    private async Task<string> PendingCheckAsync()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, 3)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created)["orderId"];
        (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK);
        return Items(await _api.GetAsync($"/v1/admin/tasks?groupId={group}&type=payment-check"))
            .Single()
            .GetProperty("taskId")
            .GetString()!;
    }

    /// <summary>A group whose notices are dead letters, one a buyer.</summary>
    private async Task<GroupId> WithDeadLettersAsync(int buyers)
    {
        await FaultsAsync("""{"failRate":1,"permanent":true}""");
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, buyers)).Is(HttpStatusCode.Created);
        for (var n = 1; n <= buyers; n++)
            (await _api.JoinAsync(group, $"buyer-{n}")).Is(HttpStatusCode.Created);
        await Api.Until(async () =>
            Items(await _api.GetAsync($"/v1/admin/dead-letters?groupId={group}")).Length == buyers
        );
        return group;
    }

    private async Task FaultsAsync(string faults) =>
        (await _api.PutAsync("/v1/sandbox/faults/notices", faults)).Is(HttpStatusCode.OK);

    private static JsonElement[] Items(Answer answer) =>
        [.. answer.Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray()];
}
