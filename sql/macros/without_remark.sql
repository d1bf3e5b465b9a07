-- The time of a plan without what stands in brackets behind it: 2015 (fase 1). A remark that holds a time of its own stays, since it may be
-- the one that counts: marts 2015 (udskudt til juni 2015).
create or replace macro without_remark(said) as (
    case
        when regexp_matches(
            lower(said),
            concat(
                '\([^)]*([0-9]{4}|[0-9] ?[./-] ?[0-9]|\bkvartal\b|\b(primo|medio|ultimo|jan(uar)?|feb(ruar)?|mar(ts)?|apr(il)?|maj|juni?|juli?',
                '|aug(ust)?|sep(t(ember)?)?|okt(ober)?|nov(ember)?|dec(ember)?)\b)'
            )
        ) then said
        else regexp_replace(said, '\([^)]*\)[\s\x{a0}]*$', '')
    end
)
